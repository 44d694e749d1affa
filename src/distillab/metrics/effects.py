"""Effects that somebody claimed, decided against the smallest one that would matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from distillab.core.errors import ContractError
from distillab.metrics.intervals import MIN_SEEDS, seed_interval
from distillab.metrics.trends import holm, p_above

EffectDirection = Literal["higher", "lower", "not higher", "not lower", "equal"]
"""What is claimed of a difference: its sign, or that it stays below the smallest effect on one side or on both."""

EffectState = Literal["holds", "does not hold", "undecided"]

MAX_SEEDS = 1000
"""Nobody is told to train more."""


@dataclass(frozen=True)
class Effect:
    """A claim and its evidence: one difference per seed, and the smallest that would matter, in the same unit."""

    direction: EffectDirection
    values: tuple[float, ...]
    smallest: float
    resolution: float = 0.0
    """The step in which the differences are counted; their standard deviation is never taken to be below it."""


@dataclass(frozen=True)
class JudgedEffect:
    """The mean over seeds with its two-sided 95 % interval, and what the family of claims leaves of the claim."""

    value: float
    low: float | None
    high: float | None
    p: float | None
    """The smaller of Holm's adjusted p-values of the two states; None below three seeds."""
    state: EffectState
    seeds: int


def decide_effects(effects: Sequence[Effect], *, alpha: float = 0.05) -> list[JudgedEffect]:
    """Decide a family of claims by Student's t over seeds, Holm over both states of all of them.

    With the smallest effect s > 0 and the mean difference d, "higher" holds by d > 0, "not higher" by d < s, "equal" by
    both of -s < d < s; "higher" does not hold by d < s, "not higher" by d > s, "equal" by d beyond either. "lower" and
    "not lower" are their mirrors. An effect that is there and too small to matter was claimed in vain: where both are
    shown, a claim does not hold. With probability ``1 - alpha`` no state of the family is wrong. Below three seeds
    everything is undecided.

    Raises:
        ContractError: no values, one that is not finite, or a smallest effect that is not positive.

    Reference: Holm 1979; Schuirmann 1987 (two one-sided tests).
    """
    for effect in effects:
        _require(effect)
    tested = [effect for effect in effects if len(effect.values) >= MIN_SEEDS]
    adjusted = iter(holm([p for effect in tested for p in _p_values(effect)]))
    decided = []
    for effect in effects:
        mean = seed_interval(effect.values, resolution=effect.resolution)
        if mean.n < MIN_SEEDS:
            decided.append(JudgedEffect(mean.value, mean.low, mean.high, None, "undecided", mean.n))
            continue
        fails, holds = next(adjusted), next(adjusted)
        state: EffectState = "does not hold" if fails < alpha else "holds" if holds < alpha else "undecided"
        p = min(fails, holds)
        decided.append(JudgedEffect(mean.value, mean.low, mean.high, p, state, mean.n))
    return decided


def decided_by_bounds(
    direction: EffectDirection, smallest: float, low: float | None, high: float | None
) -> EffectState:
    """The state of a claim whose bounds are corrected for chance already, by the rule of `decide_effects`."""
    over, under = -float("inf") if low is None else low, float("inf") if high is None else high
    holds, fails = {
        "higher": (over > 0, under < smallest),
        "lower": (under < 0, over > -smallest),
        "not higher": (under < smallest, over > smallest),
        "not lower": (over > -smallest, under < -smallest),
        "equal": (over > -smallest and under < smallest, over > smallest or under < -smallest),
    }[direction]
    return "does not hold" if fails else "holds" if holds else "undecided"


def seeds_to_decide(effect: Effect, *, statements: int = 1, alpha: float = 0.05) -> int | None:
    """With how many seeds a claim would be decided, if its mean and spread stay as they are.

    None where it has fewer than two seeds, or where `MAX_SEEDS` would not do. The error rate ``alpha`` is shared by all
    ``statements`` of the family, two a claim, as if each were the hardest (Bonferroni): Holm asks for no more. That an
    "equal" does not hold can be shown on either side, which halves the rate of each.
    """
    if len(effect.values) < 2:
        return None
    mean, spread = float(np.mean(effect.values)), max(float(np.std(effect.values, ddof=1)), effect.resolution)
    for seeds in range(max(MIN_SEEDS, len(effect.values)), MAX_SEEDS + 1):
        if _shown(effect, mean, spread / sqrt(seeds), seeds - 1, alpha / statements):
            return seeds
    return None


def _shown(effect: Effect, mean: float, error: float, df: int, level: float) -> bool:
    """Whether either state of a claim is shown at this one-sided level."""
    sides = {"holds": 1, "does not hold": 2 if effect.direction == "equal" else 1}
    for state, count in sides.items():
        half = float(stdtrit(df, 1 - level / count)) * error
        if decided_by_bounds(effect.direction, effect.smallest, mean - half, mean + half) == state:
            return True
    return False


def _p_values(effect: Effect) -> tuple[float, float]:
    """Of "does not hold" and of "holds"."""
    smallest, resolution = effect.smallest, effect.resolution
    values = effect.values
    mirrored = tuple(-value for value in values)
    if effect.direction in ("lower", "not lower"):
        values, mirrored = mirrored, values
    above, below = p_above(values, smallest, resolution), p_above(mirrored, -smallest, resolution)
    if effect.direction in ("higher", "lower"):
        return below, p_above(values, 0.0, resolution)
    if effect.direction != "equal":
        return above, below
    other_above, other_below = p_above(mirrored, smallest, resolution), p_above(values, -smallest, resolution)
    return min(1.0, 2 * min(above, other_above)), max(below, other_below)


def _require(effect: Effect) -> None:
    if not effect.values or not all(map(isfinite, effect.values)):
        raise ContractError("an effect without numbers", where="decide_effects", got=str(effect.values))
    if effect.smallest <= 0:
        raise ContractError("no smallest effect", where="decide_effects", expected="above 0", got=str(effect.smallest))
