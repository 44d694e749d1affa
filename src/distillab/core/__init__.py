"""What everything rests on: errors, seeds, artifacts, the store, the plan as data."""
