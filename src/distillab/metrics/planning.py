"""How many seeds it takes: chances of a decision before anything is run, and what an open question would cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.gains import Gain
from distillab.metrics.intervals import MIN_SEEDS
from distillab.metrics.levels import Levels
from distillab.metrics.moderated import PerCell

POWER = 0.8
"""Chance of a decision that a number of seeds is called enough for."""

SEEDS = tuple(2**exponent for exponent in range(2, 11))
"""Numbers of seeds that are tried: 4, 8, ..., 1,024."""

FARTHEST = 37.0
"""Noncentralities beyond it, where SciPy's distribution fails, are taken to be this large."""


@dataclass(frozen=True)
class Price:
    """What would probably decide: so many seeds of each open attack, and the runs that are not there yet."""

    seeds: int
    runs: int


def chance_above(effect: PerCell | float, error: PerCell | float, df: PerCell | float, level: float) -> PerCell:
    """Probability that Student's lower bound at ``level`` of a true ``effect`` is above 0, by the noncentral t."""
    noncentrality = np.clip(np.divide(effect, error), -FARTHEST, FARTHEST)
    return np.asarray(1 - nctdtr(df, noncentrality, stdtrit(df, 1 - level)), dtype=np.float64)


def detectable_gain(
    n: int,
    sd: float,
    n_control: int,
    levels: Levels,
    *,
    control_sd: float | None = None,
    prior_df: float = 0.0,
    power: float = POWER,
) -> float:
    """The smallest true gain that is called distillable with probability ``power``, in the unit of ``sd``.

    Student's lower bound at ``levels.distillable`` of ``n`` runs and ``n_control`` controls, independent of each other,
    at one look.

    Args:
        n: Runs of the knockoff.
        sd: Standard deviation of a run.
        n_control: Runs of the control.
        levels: The error rates of the page.
        control_sd: Standard deviation of a control; that of a run by default.
        prior_df: Degrees of freedom that the variance borrows from other cells.
        power: Probability of the decision.

    Raises:
        SpecError: Fewer than three runs of either, no spread, or a power outside (0, 1).
    """
    if not 0 < power < 1:
        raise SpecError("not a power", where="detectable_gain", expected="0 < power < 1", got=str(power))
    error, df = _design(n, sd, n_control, control_sd, prior_df)
    level = levels.distillable
    threshold = float(stdtrit(df, 1 - level))
    found = brentq(lambda t: 1 - float(nctdtr(df, t, threshold)) - power, 0.0, _beyond(df, threshold, power))
    return float(found) * error


def chance_of_undistillable(
    gains: Sequence[float],
    n: int,
    sd: float,
    n_control: int,
    levels: Levels,
    *,
    margin: float,
    control_sd: float | None = None,
    prior_df: float = 0.0,
) -> float:
    """Probability that attacks of these true gains are all bounded below the margin, as if they were independent.

    At one look, the upper bounds at ``levels.undistillable``; runs and spreads as of `detectable_gain`. Attacks share
    their controls, so that the true probability is larger.

    Raises:
        SpecError: Fewer than three runs of either, or no spread.
        ContractError: No attack.
    """
    if not gains:
        raise ContractError("no attack", where="chance_of_undistillable", expected="a true gain per attack")
    error, df = _design(n, sd, n_control, control_sd, prior_df)
    return float(np.prod(chance_above(margin - np.asarray(gains), error, df, levels.undistillable)))


def price(
    gains: Mapping[str, Mapping[str, Gain]],
    *,
    closed: Sequence[str],
    levels: Levels,
    margin: float,
    complete: bool = True,
    tested: bool = True,
) -> Price | None:
    """The seeds at which the open attacks would be decided with 80 % power, if gains and spreads are as they look now.

    Decided is one of the attacks distillable (if that may be said, `decisions.Evidence.tested`), or all open ones below
    the margin (as if independent; not where some are missing). The numbers tried are those of `SEEDS`; controls are at
    least as many. None where 1,024 are not enough, or nothing is known of a spread.
    """
    open_gains = [list(over.values()) for attack, over in gains.items() if attack not in closed]
    if not open_gains or not all(np.isfinite(gain.error) for over in open_gains for gain in over):
        return None
    counts = [min(gain.n for gain in over) for over in open_gains]
    tried = [seeds for seeds in SEEDS if seeds > min(counts)]
    above, below = (np.empty((len(tried), len(open_gains))) for _ in range(2))
    for attack, over in enumerate(open_gains):
        # Over several controls, the hardest of them.
        chances = [_chances(gain, tried, levels, margin) for gain in over]
        above[:, attack], below[:, attack] = np.min(chances, axis=0)
    decided = np.maximum(above.max(axis=1) * tested, below.prod(axis=1) * complete) >= POWER
    seeds = next((seeds for seeds, enough in zip(tried, decided, strict=True) if enough), None)
    return None if seeds is None else Price(seeds, sum(max(0, seeds - count) for count in counts))


def _chances(gain: Gain, tried: Sequence[int], levels: Levels, margin: float) -> tuple[PerCell, PerCell]:
    """Per number of seeds, that the gain is found above 0 and that it is found below the margin."""
    n, n_control = (np.maximum(count, tried) for count in (gain.n, gain.n_control))
    own, shared = (gain.error**2 - gain.shared**2) * gain.n / n, gain.shared**2 * gain.n_control / n_control
    errors, dfs = np.sqrt(own + shared), max(gain.df, gain.n - 1) + n - gain.n
    above = chance_above(gain.value, errors, dfs, levels.distillable)
    return above, chance_above(margin - gain.value, errors, dfs, levels.undistillable)


def _design(n: int, sd: float, n_control: int, control_sd: float | None, prior_df: float) -> tuple[float, float]:
    """Standard error of a gain, and its degrees of freedom by Welch and Satterthwaite."""
    other = sd if control_sd is None else control_sd
    got = f"{n}, {sd} and {n_control}"
    if min(n, n_control) < MIN_SEEDS or not (sd > 0 and other >= 0 and prior_df >= 0):
        raise SpecError("no design", where="n, sd and n_control", expected="three runs and a spread", got=got)
    own, shared = sd**2 / n, other**2 / n_control
    df = (own + shared) ** 2 / (own**2 / (n - 1 + prior_df) + shared**2 / (n_control - 1))
    return sqrt(own + shared), df


def _beyond(df: float, threshold: float, power: float) -> float:
    """A noncentrality at which the power is surely larger."""
    top = threshold + 1.0
    while top < 1e6 and not 1 - float(nctdtr(df, top, threshold)) > power:
        top *= 2
    return top
