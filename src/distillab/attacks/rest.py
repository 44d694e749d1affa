"""When a search has come to rest: what tells an attack that reached its end from one that its step limit cut short."""

from torch import Tensor

from distillab.core.shapes import Flags, PerExample

CLOSER = 0.01
"""A search whose last tenth of steps brings its closest point nearer by more than this share has not come to rest."""


def last_tenth(steps: int) -> int:
    """The step with which the last tenth of ``steps`` begins, or the last step of fewer than ten."""
    return steps - max(1, steps // 10)


def closing(before: PerExample, after: PerExample, moved: Flags) -> Flags:
    """Where a search of a fixed number of steps had not come to rest.

    Args:
        before: the smallest distance found when the last tenth of the steps began, inf before the first success.
        after: the same at the end.
        moved: whether the point had left the image: where there is no gradient at all, more steps would not help.
    """
    return (after < (1 - CLOSER) * before) | (after.isinf() & moved)


def has_moved(change: Tensor) -> Flags:
    """Whether any entry of an example's change is not exactly zero."""
    return (change != 0).flatten(1).any(dim=1)
