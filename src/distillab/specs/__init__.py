"""Base classes of what users may configure; each method's own spec stands in the method's file."""
