"""From tables to pages: no model, no torch, no number typed by hand."""
