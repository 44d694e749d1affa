"""Models that are reached by questions alone: an HTTP endpoint, and the journal of what was answered."""
