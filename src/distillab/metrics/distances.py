"""Per-example smallest perturbations, summed up with their denominators named."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from distillab.core.errors import ContractError
from distillab.metrics.arrays import Flags, Numbers, PerExample, paired
from distillab.metrics.intervals import Estimate, wilson

ROUNDING = 1e-6
"""Pixel units: float32 rounding of ``x + delta`` may put an example found at eps this far beyond it."""


@dataclass(frozen=True)
class DistanceSummary:
    """Distances of the initially correct examples; the others enter no number here.

    ``*_of_correct`` has all initially correct examples in the denominator, a failure counting as infinite (so a median
    may be infinite); ``*_of_successes`` only those the attack fooled (NaN if none). ``penalized_mean_of_correct`` puts
    a failure at the farthest point of the pixel box, and is None where no such bound was given.
    """

    correct: int
    successes: int
    success_rate: Estimate
    median_of_correct: float
    mean_of_successes: float
    max_of_successes: float
    penalized_mean_of_correct: float | None


@dataclass(frozen=True, eq=False)
class AccuracyCurve:
    """Robust accuracy over all n examples as a function of eps, with Wilson bounds per point."""

    eps: Float[NDArray[np.float64], "e"]
    accuracy: Float[NDArray[np.float64], "e"]
    low: Float[NDArray[np.float64], "e"]
    high: Float[NDArray[np.float64], "e"]
    n: int


def summarize_distances(
    distances: PerExample, initially_correct: Flags, *, farthest: PerExample | None = None
) -> DistanceSummary:
    """Median, means and success rate of a minimum-norm attack; distances are upper bounds of the true ones.

    Args:
        distances: Size of the smallest perturbation found, in the attack's norm and pixel units; ``inf`` for a failure.
        initially_correct: Whether the unperturbed example was classified correctly.
        farthest: Per example, the distance of the farthest point of the pixel box in the same norm.

    Raises:
        ContractError: Arrays do not pair up, a distance is negative or NaN, or no example was initially correct.

    Reference: methods section 3.3.
    """
    found = _checked("summarize_distances", distances, initially_correct)[initially_correct]
    if len(found) == 0:
        raise ContractError("no example was classified correctly", where="summarize_distances")
    fooled = np.isfinite(found)
    hits = found[fooled]
    return DistanceSummary(
        correct=len(found),
        successes=len(hits),
        success_rate=wilson(len(hits), len(found)),
        median_of_correct=float(np.median(found)),
        mean_of_successes=float(hits.mean()) if len(hits) else float("nan"),
        max_of_successes=float(hits.max()) if len(hits) else float("nan"),
        penalized_mean_of_correct=None if farthest is None else _penalized(found, fooled, farthest[initially_correct]),
    )


def robust_accuracy(distances: PerExample, initially_correct: Flags, *, eps: float) -> Estimate:
    """Share of all examples that are classified correctly and that no perturbation within eps was found to fool.

    Raises:
        ContractError: Arrays do not pair up, or a distance or eps is negative or NaN.
    """
    counts, _ = _robust_counts("robust_accuracy", distances, initially_correct, [eps])
    return wilson(counts[0], len(distances))


def robust_accuracy_curve(distances: PerExample, initially_correct: Flags, *, eps: Numbers) -> AccuracyCurve:
    """Robust accuracy at each eps from one set of minimal distances; non-increasing in eps, clean accuracy at 0.

    Raises:
        ContractError: Arrays do not pair up, or a distance or an eps is negative or NaN.
    """
    counts, grid = _robust_counts("robust_accuracy_curve", distances, initially_correct, eps)
    points = [wilson(count, len(distances)) for count in counts]
    value, low, high = (np.array([getattr(point, name) for point in points]) for name in ("value", "low", "high"))
    return AccuracyCurve(grid, value, low, high, len(distances))


def _robust_counts(
    where: str, distances: PerExample, initially_correct: Flags, eps: Numbers
) -> tuple[list[int], NDArray[np.float64]]:
    """How many examples stay correct within each eps, and the eps as an array."""
    grid = np.asarray(eps, dtype=np.float64)
    if not (grid >= 0).all():
        raise ContractError("eps is not usable", where=where, expected=">= 0", got=str(grid.tolist()))
    found = np.sort(_checked(where, distances, initially_correct)[initially_correct])
    fooled = np.searchsorted(found, grid + ROUNDING, side="right")
    # Nothing is perturbed within 0, so that not even a distance of 0 can turn a correct example into a wrong one.
    return [len(found) - int(count) for count in np.where(grid > 0, fooled, 0)], grid


def _penalized(found: PerExample, fooled: Flags, farthest: PerExample) -> float:
    if not np.isfinite(farthest).all():
        raise ContractError("a penalty is not finite", where="summarize_distances", expected="the pixel box's radius")
    return float(np.where(fooled, found, farthest).mean())


def _checked(where: str, distances: PerExample, initially_correct: Flags) -> NDArray[np.float64]:
    paired(where, distances, initially_correct)
    if not (distances >= 0).all():
        raise ContractError("a distance is negative or NaN", where=where, expected=">= 0, inf for a failure")
    return np.asarray(distances, dtype=np.float64)
