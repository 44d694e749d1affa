"""Accuracies of cells, adjusted for what the controls of the same seeds say of those seeds."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from distillab.metrics.moderated import PerCell, group_positions

MIN_PAIRS = 5
"""Below this many seeds with a control no slope is estimated."""

SLOPE_ERRORS = 2.0
"""A slope counts if it is so many of its errors above 0."""

PerRun = Float[NDArray[np.float64], "runs"]
RunsByCell = Float[NDArray[np.float64], "cells runs"]
"""One row per cell, nan where a cell lacks the run."""


@dataclass(frozen=True)
class Adjusted:
    """Per cell, mean and sum of squares of ``x - slope c`` over its n runs, c being 0 where the run has no control."""

    n: PerCell
    means: PerCell
    squares: PerCell
    dfs: PerCell
    shift: PerCell
    """Mean of c over the runs of the cell, which the slope is applied to."""
    paired_share: PerCell
    """Part of the cell's runs that have a control."""
    slope: float
    slope_error: float
    correlation: float
    """Mean squared correlation of two cells of a group over their common runs, the sampling noise taken off."""


def adjusted(accuracies: RunsByCell, control: PerRun, groups: Sequence[Hashable], *, floor: float) -> Adjusted:
    """The cells' accuracies regressed on the control of the same run, with one slope for all cells.

    The slope is within cells, each weighted by the inverse of its group's variance, clipped to [0, 1]; 0 below
    `MIN_PAIRS` runs, and where it is not twice its error. The error treats runs as the sample, however many cells share
    them. A slope costs each cell one degree of freedom, as if the cell had estimated it alone: cells that share their
    runs may know no more of it than one of them.

    Args:
        accuracies: Per cell and run.
        control: Per run, the control's accuracy minus its mean over all its seeds; nan where there is none.
        groups: Per cell, what its variance is alike to.
        floor: The smallest standard deviation that is believed.
    """
    there, has = ~np.isnan(accuracies), ~np.isnan(control)
    n = there.sum(axis=1).astype(np.float64)
    c = np.where(there & has, control, 0.0)
    slope, error = _slope(accuracies, np.where(has, control, 0.0), there & has, groups, floor=floor)
    values = np.where(there, accuracies - slope * c, 0.0)
    means = values.sum(axis=1) / n
    residuals = np.where(there, values - means[:, None], 0.0)
    squares = np.square(residuals).sum(axis=1)
    return Adjusted(
        n,
        means,
        squares,
        (n - 1 - (slope > 0)).clip(min=0),
        c.sum(axis=1) / n,
        (there & has).sum(axis=1) / n,
        slope,
        error,
        _correlation(residuals, there, groups),
    )


def _slope(
    accuracies: RunsByCell, control: PerRun, pairs: NDArray[np.bool_], groups: Sequence[Hashable], *, floor: float
) -> tuple[float, float]:
    """The common slope and its error over runs; zeros where none is established."""
    runs = int(pairs.any(axis=0).sum())
    if runs < MIN_PAIRS:
        return 0.0, 0.0
    x = _centered(np.where(pairs, accuracies, 0.0), pairs)
    c = _centered(np.broadcast_to(control, pairs.shape), pairs)
    weights = 1 / _group_variances(x, pairs, groups).clip(min=floor**2)[:, None]
    total = float((weights * np.square(c)).sum())
    if total == 0:
        return 0.0, 0.0
    slope = float((weights * c * x).sum()) / total
    scores = (weights * c * (x - slope * c)).sum(axis=0)
    error = float(np.sqrt(np.square(scores).sum() * runs / (runs - 2))) / total
    return (min(slope, 1.0), error) if slope > SLOPE_ERRORS * error else (0.0, 0.0)


def _centered(values: RunsByCell, there: NDArray[np.bool_]) -> RunsByCell:
    """Deviations from each row's mean over what is there, 0 elsewhere."""
    means = (values * there).sum(axis=1) / there.sum(axis=1).clip(min=1)
    return np.where(there, values - means[:, None], 0.0)


def _group_variances(x: RunsByCell, pairs: NDArray[np.bool_], groups: Sequence[Hashable]) -> PerCell:
    members = group_positions(groups)
    squares = np.bincount(members, np.square(x).sum(axis=1))
    df = np.bincount(members, (pairs.sum(axis=1) - 1).clip(min=0))
    variances: PerCell = (squares / df.clip(min=1))[members]
    return variances


def _correlation(residuals: RunsByCell, there: NDArray[np.bool_], groups: Sequence[Hashable]) -> float:
    """Over pairs of cells of one group; a correlation of d degrees of freedom has a mean square of 1 / d by chance."""
    members = group_positions(groups)
    common = there.astype(np.float64) @ there.T - 1
    pairs = np.triu(members[:, None] == members, 1) & (common > 1)
    squares = np.square(residuals)
    norms = (squares @ there.T) * (there @ squares.T)
    pairs &= norms > 0
    if not pairs.any():
        return 0.0
    chance = 1 / common[pairs]
    found = np.square(residuals @ residuals.T)[pairs] / norms[pairs]
    return float(np.clip(((found - chance) / (1 - chance)).mean(), 0.0, 1.0))
