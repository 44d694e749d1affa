"""Claims about trends, decided from numbers that are paired over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from scipy.special import stdtr

from distillab.core.errors import ContractError
from distillab.metrics.intervals import MIN_SEEDS, seed_interval

Direction = Literal["up", "down", "none"]
"""What a paper says of a quantity: it grows, it falls, or it stays within a margin."""

Decision = Literal["holds", "contradicted", "undecided"]


@dataclass(frozen=True)
class Claim:
    """One directional statement and its evidence: one number per seed, positive where the quantity grows."""

    direction: Direction
    values: tuple[float, ...]
    margin: float = 0.0
    """The smallest effect that counts, in the unit of the values; "none" is anything below it."""
    resolution: float = 0.0
    """The step in which the values are counted; their standard deviation is never taken to be below it."""


@dataclass(frozen=True)
class Judged:
    """The mean over seeds with its two-sided 95 % interval, and what the family of claims leaves of the claim."""

    value: float
    low: float | None
    high: float | None
    p: float | None
    """Holm-adjusted p-value of the decision's test; None below three seeds."""
    decision: Decision
    seeds: int


def slope_per_doubling(levels: Sequence[float], values: Sequence[float]) -> float:
    """Least-squares slope of ``values`` per doubling of ``levels``.

    Raises:
        ContractError: fewer than two distinct levels, a level that is not positive, or unequal lengths.
    """
    x, y = np.asarray(levels, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.shape != y.shape or len(np.unique(x)) < 2 or not (x > 0).all():
        raise ContractError(
            "no trend", where="slope_per_doubling", expected="two distinct positive levels", got=str(list(levels))
        )
    doublings = np.log2(x) - np.log2(x).mean()
    return float((doublings * (y - y.mean())).sum() / np.square(doublings).sum())


def judge(claims: Sequence[Claim], *, alpha: float = 0.05) -> list[Judged]:
    """Decide a family of claims; Student's t over seeds, Holm over everything that could be said.

    "up" holds if its mean is above the margin and is contradicted if it is below minus the margin ("down" the other way
    round); "none" holds if the mean is within the margin by two one-sided tests, and is contradicted if it lies beyond
    it. Each claim spends alpha on its two outcomes together, so that with probability ``1 - alpha`` no decision of the
    family is wrong. Claims that are equal are one claim of the family. Below three seeds everything is undecided.

    Raises:
        ContractError: a claim without values, or with one that is not finite; a "none" without a margin.

    Reference: Holm 1979; Schuirmann 1987 (two one-sided tests); methods, thieves 5 (floor, smallest effect).
    """
    for claim in claims:
        _require(claim)
    tested = [(claim, *_test(claim)) for claim in dict.fromkeys(claims)]
    adjusted = holm([p for _, p, _ in tested if p is not None])
    judged: dict[Claim, Judged] = {}
    for claim, p, outcome in tested:
        corrected = None if p is None else adjusted.pop(0)
        decision = outcome if corrected is None or corrected < alpha else "undecided"
        mean = seed_interval(claim.values, resolution=claim.resolution)
        judged[claim] = Judged(mean.value, mean.low, mean.high, corrected, decision, mean.n)
    return [judged[claim] for claim in claims]


def _require(claim: Claim) -> None:
    if not claim.values or not np.isfinite(claim.values).all():
        raise ContractError("a claim without numbers", where="judge", expected="finite", got=str(claim.values))
    if claim.direction == "none" and claim.margin <= 0:
        raise ContractError("no effect is a claim about a margin", where="judge", expected="a margin above 0")


def _test(claim: Claim) -> tuple[float | None, Decision]:
    """The likelier outcome, and before it its p-value, doubled for the choice between two."""
    if len(claim.values) < MIN_SEEDS:
        return None, "undecided"
    both = claim.values, tuple(-value for value in claim.values)
    beyond = [p_above(row, claim.margin, claim.resolution) for row in both]
    if claim.direction == "none":
        holds = max(p_above(row, -claim.margin, claim.resolution) for row in both)
        contradicted = min(beyond)
    else:
        holds, contradicted = beyond if claim.direction == "up" else beyond[::-1]
    outcomes: tuple[tuple[float, Decision], ...] = (2 * holds, "holds"), (2 * contradicted, "contradicted")
    return min(outcomes)


def p_above(values: Sequence[float], bound: float, resolution: float) -> float:
    """One-sided p-value of the hypothesis that the mean over seeds is at most ``bound``, by Student's t.

    The standard deviation is never taken to be below ``resolution``. Two values at least.
    """
    row = np.asarray(values, dtype=np.float64)
    error = max(float(np.std(row, ddof=1)), resolution) / sqrt(len(row))
    distance = float(row.mean()) - bound
    if error == 0:
        return float(distance <= 0)
    return float(stdtr(len(row) - 1, -distance / error))


def holm(p_values: list[float]) -> list[float]:
    """Step-down adjusted p-values in [0, 1], in the order given. Reference: Holm 1979."""
    order = np.argsort(p_values)
    steps = (len(p_values) - np.arange(len(p_values))) * np.asarray(p_values)[order]
    adjusted: list[float] = np.maximum.accumulate(steps).clip(max=1.0)[np.argsort(order)].tolist()
    return adjusted
