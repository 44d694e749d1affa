"""Harnesses that run a method on a model and check what it claims."""
