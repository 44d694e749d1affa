"""Variances of many small samples, each drawn toward those of its group."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from distillab.core.errors import ContractError
from distillab.metrics.arrays import Numbers

PRIOR_CAP = 12.0
"""The largest weight of a group, in degrees of freedom: a few cells that look alike prove no common variance."""

PerCell = Float[NDArray[np.float64], "cells"]


@dataclass(frozen=True)
class Moderated:
    """Variances per cell, the degrees of freedom they have, and what they were drawn toward.

    A cell of zero degrees of freedom has no variance of its own and no group to borrow from; its variance is the floor.
    """

    variances: PerCell
    dfs: PerCell
    prior_df: float
    """Weight of the group beside a cell's own degrees of freedom, from 0 (nothing borrowed) to `PRIOR_CAP`."""
    prior_variances: PerCell
    """The pooled variance of each cell's group."""


def moderate(
    sums_of_squares: Numbers, dfs: Numbers, groups: Sequence[Hashable], *, floor: float, correlation: float = 0.0
) -> Moderated:
    """Each cell's variance, shrunk to its group's: ``(d0 s0^2 + d s^2) / (d0 + d)``, and never below ``floor^2``.

    ``s0^2`` is the pooled variance of the group's cells and ``d0`` the spread of the true variances within groups, one
    number for all of them: by moments of ``log s^2 - log s0^2``, whose variance is ``trigamma(d / 2) + trigamma(d0 /
    2)``, and one standard error of it to the careful side, so that few cells borrow little. The degrees of freedom are
    ``d0 + d``, but not more than the pooled variance has: ``D / (1 + (m - 1) rho^2)`` of m cells that have D together.
    So a cell alone in its group keeps what it has.

    Args:
        sums_of_squares: Squared deviations from each cell's own mean, summed.
        dfs: Their degrees of freedom; a cell of 0 borrows everything.
        groups: What each cell is alike to.
        floor: The smallest standard deviation that is believed: the step in which the quantity is counted.
        correlation: Mean square ``rho^2`` of the correlations between the cells of a group. Cells that share their
            seeds have alike variances by chance, which must not be taken for a common variance.

    Raises:
        ContractError: The cells do not pair up, or have negative or not finite numbers.

    Reference: Smyth 2004, sections 4 and 6.2; the pooled variance instead of his ``s0^2``, which is smaller, the
    correlation, the standard error and both caps are ours.
    """
    squares, df = _checked(sums_of_squares, dfs, groups)
    members = group_positions(groups)
    total, prior = _pooled(squares, df, members, floor)
    cells = np.bincount(members, df > 0)[members]
    effective = total / (1 + (cells - 1).clip(0) * correlation)
    prior_df = _prior_df(squares, df, members, prior, floor=floor, correlation=correlation)
    borrowed = np.where(total > 0, prior_df, 0.0)
    weight = df + borrowed
    own = (borrowed * prior + squares) / np.where(weight > 0, weight, 1.0)
    variances = np.where(weight > 0, own, prior).clip(min=floor**2)
    return Moderated(variances, np.maximum(df, np.minimum(weight, effective)), prior_df, prior)


def group_positions(groups: Sequence[Hashable]) -> NDArray[np.intp]:
    """Per cell, the number of its group, in the order in which groups appear."""
    order = {group: position for position, group in enumerate(dict.fromkeys(groups))}
    return np.array([order[group] for group in groups], dtype=np.intp)


def _checked(sums_of_squares: Numbers, dfs: Numbers, groups: Sequence[Hashable]) -> tuple[PerCell, PerCell]:
    """Both in float64; what stands beside no degree of freedom is no square."""
    squares, df = (np.asarray(row, dtype=np.float64) for row in (sums_of_squares, dfs))
    sizes = [len(squares), len(df), len(groups)]
    if len(set(sizes)) != 1 or not squares.size:
        raise ContractError("cells do not pair up", where="moderate", expected="equal lengths >= 1", got=str(sizes))
    if not (np.isfinite([squares, df]).all() and min(squares.min(), df.min()) >= 0):
        raise ContractError("no sums of squares", where="moderate", expected="finite numbers >= 0")
    return np.where(df > 0, squares, 0.0), df


def _pooled(squares: PerCell, df: PerCell, members: NDArray[np.intp], floor: float) -> tuple[PerCell, PerCell]:
    """Per cell, degrees of freedom and variance of its group; the floor where the group has none."""
    total = np.bincount(members, df).astype(np.float64)
    sums = np.bincount(members, squares)
    variances: PerCell = np.where(total > 0, sums / np.where(total > 0, total, 1.0), 0.0).clip(min=floor**2)
    return total[members], variances[members]


def _prior_df(
    squares: PerCell, df: PerCell, members: NDArray[np.intp], prior: PerCell, *, floor: float, correlation: float
) -> float:
    """The weight d0, from the cells that have a variance and a neighbor."""
    there = df > 0
    cells = np.bincount(members, there)[members]
    kept = there & (cells > 1) & (prior > 0)
    if not kept.any():
        return 0.0
    half, of, count = df[kept] / 2, members[kept], cells[kept]
    # Rounding to the grid alone has a variance of a twelfth of its square: no logarithm of zero.
    variances = np.maximum(squares[kept] / df[kept], max(floor**2 / 12, 1e-12 * prior[kept].min()))
    logs = np.log(variances / prior[kept]) - digamma(half) + np.log(half)
    logs -= (np.bincount(of, logs) / np.bincount(of).clip(min=1))[of]
    share = 1 - 1 / count
    sampling = share * polygamma(1, half) * (1 - correlation)
    found, expected = float(np.square(logs).sum() / share.sum()), float(sampling.sum() / share.sum())
    spread = found - expected + max(found, expected) * sqrt(2 / float(share.sum()))
    if spread <= float(polygamma(1, PRIOR_CAP / 2)):
        return PRIOR_CAP
    return 2 * _inverse_trigamma(spread)


def _inverse_trigamma(value: float) -> float:
    """The ``y`` with ``trigamma(y) = value > 0``, by Newton's method on ``1 / trigamma``, which is nearly a line."""
    y = 0.5 + 1 / value
    for _ in range(50):
        slope = float(polygamma(1, y))
        step = slope * (1 - slope / value) / float(polygamma(2, y))
        y += step
        if -step / y < 1e-8:
            break
    return y
