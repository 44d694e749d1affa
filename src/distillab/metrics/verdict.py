"""Can a teacher be distilled? The verdict over a set of knockoff attacks, with its error rates."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.intervals import MIN_SEEDS

Setting = TypeVar("Setting", float, int, tuple[float, ...])
Run = TypeVar("Run", bound=Hashable)


@dataclass(frozen=True)
class AttackDelta:
    """One attack's mean paired gain over the label-smoothing student, in accuracy; no bounds below three seeds.

    ``lower`` and ``upper`` are the one-sided bounds that decide (see `distillability_verdict`); ``upper_simultaneous``
    is the wider bound to print where several attacks stand side by side; ``p_holm`` is Holm's adjusted p-value.
    """

    attack: str
    delta: float
    n: int
    lower: float | None = None
    upper: float | None = None
    upper_simultaneous: float | None = None
    p_holm: float | None = None


@dataclass(frozen=True)
class Verdict:
    """The verdict with what it rests on.

    ``literal`` is the published rule, best mean strictly above the LS mean of the same runs; ``n`` counts the runs of
    the attack that has the fewest.
    """

    verdict: Literal["distillable", "undistillable", "undecided"]
    reason: str
    literal: bool
    deltas: tuple[AttackDelta, ...]
    best_attack: str
    margin: float
    n: int

    @property
    def lower(self) -> float | None:
        """The largest lower bound, not always the best attack's: distillable where it is above 0."""
        return max((each.lower for each in self.deltas if each.lower is not None), default=None)

    @property
    def upper(self) -> float | None:
        """The largest upper bound: undistillable where it is below the margin and no lower bound is above 0."""
        return max((each.upper for each in self.deltas if each.upper is not None), default=None)


def distillability_verdict(
    ls: Mapping[Run, float],
    attacks: Mapping[str, Mapping[Run, float]],
    *,
    n_test: int,
    margin: float,
    alpha: float = 0.05,
    family: int = 0,
) -> Verdict:
    """Whether any attack's knockoff is more accurate than the student trained with label smoothing and no teacher.

    With ``d`` the mean over an attack's n runs of the paired difference and ``se = max(sd, 1/n_test) / sqrt(n)``, all
    bounds are Student's with n - 1 degrees of freedom, over training seeds; attacks may differ in n:

    * distillable, if some lower bound ``d - t se`` is above 0, each at its Holm level: rejected hypotheses at
      ``alpha / (K - rank)`` in step-down order, the others at ``alpha`` over their number. The bound's sign has
      familywise error alpha; its size is no simultaneous statement.
    * else undistillable, if every upper bound ``d + t se`` at level ``1 - alpha`` is below ``margin``. The largest of
      them bounds the largest true gain at that level without correction (an intersection-union test).
    * else undecided; an attack with fewer than three runs has no bounds and can decide nothing.

    Accuracies are multiples of ``1/n_test``, so a few seeds may agree exactly by chance. The floor of one test image
    under the sd keeps the error rate (8 % instead of 5 % without it for 3 seeds, 7 attacks and a true sd of 0.7 image)
    and the division defined.

    Args:
        ls: Test accuracy in [0, 1] per seed, or per student and seed, the label smoothing chosen on validation data.
        attacks: The same per attack, over some of the same runs.
        n_test: Images behind each accuracy.
        margin: Gain in accuracy too small to matter for this data set; at least one test image.
        alpha: Error rate of each claim.
        family: Attacks that were meant to be here, where some are not: for Holm's levels each of these gains nothing.

    Raises:
        SpecError: The margin is below one test image.
        ContractError: No attack, seeds that do not pair up, or an accuracy outside [0, 1].

    Reference: Holm 1979 (lower); Berger 1982 (upper); methods section 5.
    """
    if margin < (1 - 1e-9) / n_test:
        raise SpecError("margin below one test image", where="margin", expected=f">= {1 / n_test:.3g}", got=str(margin))
    gains = _paired_gains(ls, attacks)
    deltas = _deltas(gains, 1 / n_test, alpha, family)
    best = max(deltas, key=lambda each: each.delta)
    # fsum rounds once, so runs that only swap seeds tie exactly.
    literal = any(fsum(runs.values()) > fsum(ls[run] for run in runs) for runs in attacks.values())
    n = min(each.n for each in deltas)
    verdict, reason = _decide(deltas, margin, n)
    return Verdict(verdict, reason, literal, deltas, best.attack, margin, n)


def choose_on_validation(val_accuracy_by_setting: Mapping[Setting, float]) -> Setting:
    """The setting with the highest validation accuracy; of equals, the smallest.

    Raises:
        ContractError: No setting, or an accuracy outside [0, 1].
    """
    if not val_accuracy_by_setting:
        raise ContractError("no setting to choose from", where="choose_on_validation")
    for setting, value in val_accuracy_by_setting.items():
        _check_accuracy(f"choose_on_validation, setting {setting}", value)
    return min(val_accuracy_by_setting, key=lambda setting: (-val_accuracy_by_setting[setting], setting))


def _paired_gains(ls: Mapping[Run, float], attacks: Mapping[str, Mapping[Run, float]]) -> dict[str, list[float]]:
    """Per attack, accuracy minus that of the LS student of the same run."""
    if not attacks or not ls or not all(attacks.values()):
        raise ContractError("nothing to compare", where="distillability_verdict", expected="an attack and a seed")
    for arm, runs in {"ls_student": ls, **attacks}.items():
        if not runs.keys() <= ls.keys():
            expected, got = str(sorted(map(str, ls))), str(sorted(map(str, runs)))
            raise ContractError(
                "seeds do not pair up", where=arm, expected=expected, got=got, do="run the missing ones"
            )
        for run, value in runs.items():
            _check_accuracy(f"{arm}, seed {run}", value)
    return {name: [value - ls[run] for run, value in runs.items()] for name, runs in attacks.items()}


def _check_accuracy(where: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ContractError("not an accuracy", where=where, expected="a share in [0, 1]", got=str(value))


def _deltas(gains: Mapping[str, list[float]], resolution: float, alpha: float, family: int) -> tuple[AttackDelta, ...]:
    """In the order of ``gains``; Holm's family is that of the attacks with bounds, or larger."""
    bounded = {name: values for name, values in gains.items() if len(values) >= MIN_SEEDS}
    bounds = _bounds(bounded, resolution, alpha, max(family, len(bounded))) if bounded else {}
    return tuple(
        AttackDelta(name, fsum(values) / len(values), len(values), *bounds.get(name, ()))
        for name, values in gains.items()
    )


def _bounds(gains: Mapping[str, list[float]], resolution: float, alpha: float, family: int) -> dict[str, list[float]]:
    """Per attack: lower, upper, simultaneous upper, adjusted p-value; bounds are cut where no difference can be."""
    counts = np.array([len(values) for values in gains.values()])
    means = np.array([fsum(values) / len(values) for values in gains.values()])
    sds = np.array([np.std(values, ddof=1) for values in gains.values()])
    errors = sds.clip(min=resolution) / np.sqrt(counts)
    levels, adjusted = _holm(stdtr(counts - 1, -means / errors), alpha, family)
    bounds = (
        means + stdtrit(counts - 1, levels) * errors,
        means - stdtrit(counts - 1, alpha) * errors,
        means - stdtrit(counts - 1, alpha / family) * errors,
    )
    rows = np.stack([*np.clip(bounds, -1, 1), adjusted], axis=1).tolist()
    return {name: rows[position] for position, name in enumerate(gains)}


def _holm(p_values: NDArray[np.float64], alpha: float, family: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per hypothesis, the level of its lower bound and its adjusted p-value, as of so many hypotheses."""
    order = np.argsort(p_values, kind="stable")
    remaining = family - np.arange(len(p_values))
    rejected = np.logical_and.accumulate(p_values[order] < alpha / remaining)
    levels, adjusted = np.empty_like(p_values), np.empty_like(p_values)
    levels[order] = alpha / np.where(rejected, remaining, family - rejected.sum())
    adjusted[order] = np.maximum.accumulate(remaining * p_values[order]).clip(max=1.0)
    return levels, adjusted


def _decide(
    deltas: tuple[AttackDelta, ...], margin: float, n: int
) -> tuple[Literal["distillable", "undistillable", "undecided"], str]:
    lowers = {each.attack: each.lower for each in deltas if each.lower is not None}
    uppers = {each.attack: each.upper for each in deltas if each.upper is not None}
    if not lowers:
        return "undecided", f"{n} seed{'s' * (n > 1)}: an interval over seeds needs at least {MIN_SEEDS}"
    strongest, widest = max(lowers, key=lambda name: lowers[name]), max(uppers, key=lambda name: uppers[name])
    if lowers[strongest] > 0:
        return "distillable", f"{strongest} gains at least {lowers[strongest]:+.4f} over label smoothing"
    unbounded = [each.attack for each in deltas if each.upper is None]
    if unbounded:
        return "undecided", f"{unbounded[0]} has fewer than {MIN_SEEDS} seeds; no gain is established"
    if uppers[widest] < margin:
        return "undistillable", f"no attack gains more than {uppers[widest]:+.4f}, margin {margin:+.4f}"
    return "undecided", f"{widest} may gain up to {uppers[widest]:+.4f}, margin {margin:+.4f}; no gain is established"
