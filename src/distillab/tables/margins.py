"""Differences of accuracy that are too small to matter."""

from distillab.tables.results import Results


def margin(results: Results) -> float:
    """The gain that is too small to matter, as the parameters state it beforehand: one test image at least."""
    return max(float(results.workspace.plan.facts["decide"]["margin"]), one_image(results))


def one_image(results: Results) -> float:
    """What one test image is worth."""
    return 1 / max(1, len(results.labels["test"]))
