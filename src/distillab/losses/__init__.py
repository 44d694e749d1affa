"""Losses that several methods share: pure functions, one value per example."""
