"""What a defense takes from a thief, and whether it protects: most of the leak gone, and the accuracy still there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

from scipy.special import stdtr, stdtrit

from distillab.core.errors import ContractError
from distillab.metrics.decisions import lower_over_controls
from distillab.metrics.dunnett import Difference
from distillab.metrics.gains import Gain, require_margin

KEPT = 0.5
"""A defense that protects leaves less than this share of the leak."""


@dataclass(frozen=True)
class RemovedShare:
    """The smallest share of the leak that a defense removes from any attack; above 1 where a knockoff is worse off."""

    value: float
    lower: float | None
    upper: float | None
    """Bounds; None where the leak is not known well enough at their level."""
    attack: str


@dataclass(frozen=True)
class Shield:
    """One defended teacher, beside the unprotected one of its network."""

    gains: Mapping[str, Mapping[str, Gain]]
    """Per attack and control."""
    accuracy: Difference
    """Its accuracy less that of the unprotected teacher."""
    missing: Sequence[str] = ()
    """Attacks that were planned and are not there."""


@dataclass(frozen=True)
class Protection:
    """Whether a defense protects, and what speaks most against it."""

    protects: bool
    p: float
    """Of the weakest of its conditions, by Holm over the page's teachers."""
    reason: str


def removed_share(
    gains: Mapping[str, Mapping[str, Gain]], leak: Mapping[str, Gain], *, alpha: float, attacks: int, margin: float
) -> RemovedShare | None:
    """Smallest of ``1 - g_a / g_c`` over attacks a and controls, g_c the leak of the unprotected teacher.

    The bounds are Fieller's, with the part of the errors that both gains have from the common control, and the smaller
    degrees of freedom of the two. The lower end is the smallest lower bound at ``alpha``, which needs no correction:
    the smallest share has it with its own. The upper end is the smallest upper bound at ``alpha / K``. Over several
    controls it is the share of the one that is hardest to protect from, from the lowest end to the highest.

    Args:
        gains: Of the defended teacher, per attack and control.
        leak: Of the unprotected teacher by the attack that was fixed beforehand, per control.
        alpha: One-sided error rate of each end.
        attacks: K, those that were planned.
        margin: Gain too small to matter.

    Returns:
        None where the leak's lower bound at ``alpha`` does not exceed the margin: nothing is there to be removed. Also
        where an attack has no bounds.

    Raises:
        ContractError: No attack, or controls that differ.

    Reference: Fieller 1954; methods, thieves 4.
    """
    _require_controls(gains, leak)
    proven = lower_over_controls(leak, alpha)
    bounded = all(gain.df > 0 for over in gains.values() for gain in over.values())
    if proven is None or proven <= max(margin, 0.0) or not bounded:
        return None
    shares = []
    for control, known in leak.items():
        values = {attack: 1 - over[control].value / known.value for attack, over in gains.items()}
        lowers = [1 - _ratio_bound(over[control], known, alpha, upper=True) for over in gains.values()]
        uppers = [1 - _ratio_bound(over[control], known, alpha / attacks, upper=False) for over in gains.values()]
        worst = min(values, key=lambda attack: values[attack])
        shares.append((values[worst], worst, min(lowers), min(uppers)))
    value, worst = min(share[:2] for share in shares)
    lower, upper = min(share[2] for share in shares), max(share[3] for share in shares)
    return RemovedShare(value, lower if isfinite(lower) else None, upper if isfinite(upper) else None, worst)


def protections(
    shields: Mapping[str, Shield], leak: Mapping[str, Gain], *, alpha: float, looks: int, margin: float, n_test: int
) -> dict[str, Protection]:
    """Which of a page's defenses protect, at ``alpha / J`` over all of them together.

    A defense protects if the unprotected teacher leaks more than the margin, each attack's gain is less than half of
    that leak, ``g_a - g_c / 2 < 0``, and the accuracy it costs is below the margin. All must be shown, so the largest
    of their p-values is the defense's (an intersection-union test); over the teachers by Holm. The controls are in
    both gains and their error is counted once. Where attacks are missing nothing is shown.

    Args:
        shields: Per defended teacher.
        leak: Of the unprotected teacher by the attack that was fixed beforehand, per control.
        alpha: Probability that any of the teachers is wrongly said to protect.
        looks: J, how often the numbers are looked at.
        margin: Gain, and accuracy, too small to matter.
        n_test: Test images behind each accuracy.

    Raises:
        SpecError: The margin is below one test image.
        ContractError: A teacher without attacks, or controls that differ.

    Reference: methods, thieves 4; Holm 1979; Berger 1982.
    """
    require_margin(margin, n_test)
    for shield in shields.values():
        _require_controls(shield.gains, leak)
    weakest = {name: _weakest(shield, leak, margin) for name, shield in shields.items()}
    found: dict[str, Protection] = {}
    adjusted = 0.0
    for rank, name in enumerate(sorted(weakest, key=lambda name: weakest[name][0])):
        p, reason = weakest[name]
        adjusted = max(adjusted, min(1.0, (len(weakest) - rank) * p))
        protects = adjusted < alpha / looks
        found[name] = Protection(protects, adjusted, "half of the leak is gone at no cost" if protects else reason)
    return {name: found[name] for name in shields}


def _weakest(shield: Shield, leak: Mapping[str, Gain], margin: float) -> tuple[float, str]:
    """The largest p-value of the conditions, and what it says is not shown."""
    if shield.missing:
        return 1.0, f"missing: {', '.join(shield.missing)}"
    cost = shield.accuracy
    conditions = [
        (
            max(_p_below(margin - gain.value, gain.error, gain.df) for gain in leak.values()),
            "no leak to remove is shown",
        ),
        (_p_below(-cost.value - margin, cost.error, cost.df), "it may cost more accuracy than the margin"),
    ]
    for attack, over in shield.gains.items():
        p = max(_p_below(*_less_than_kept(over[control], known)) for control, known in leak.items())
        conditions.append((p, f"{attack} may keep half of the leak"))
    return max(conditions, key=lambda condition: condition[0])


def _less_than_kept(gain: Gain, leak: Gain) -> tuple[float, float, float]:
    """``g_a - g_c / 2`` with its error and degrees of freedom."""
    variance = gain.error**2 + (KEPT * leak.error) ** 2 - 2 * KEPT * _covariance(gain, leak)
    return gain.value - KEPT * leak.value, sqrt(max(variance, 0.0)), min(gain.df, leak.df)


def _covariance(gain: Gain, leak: Gain) -> float:
    """Of two gains over the same controls, of which one may have more: u / max(m, m'), not u / sqrt(m m')."""
    fewer, more = sorted((gain.n_control, leak.n_control))
    return gain.shared * leak.shared * (sqrt(fewer / more) if more else 1.0)


def _p_below(value: float, error: float, df: float) -> float:
    """One-sided p-value of the hypothesis that the true value is 0 or more; 1 without degrees of freedom."""
    return float(stdtr(df, value / error)) if df > 0 and error > 0 else 1.0


def _ratio_bound(gain: Gain, leak: Gain, level: float, *, upper: bool) -> float:
    """Fieller's one-sided bound of ``g_a / g_c``; infinite where the leak is not above 0 at this level."""
    square = float(stdtrit(min(gain.df, leak.df), 1 - level)) ** 2
    a = leak.value**2 - square * leak.error**2
    if a <= 0:
        return inf if upper else -inf
    b = gain.value * leak.value - square * _covariance(gain, leak)
    c = gain.value**2 - square * gain.error**2
    reach = sqrt(max(b**2 - a * c, 0.0))
    return (b + reach if upper else b - reach) / a


def _require_controls(gains: Mapping[str, Mapping[str, Gain]], leak: Mapping[str, Gain]) -> None:
    if not gains or not leak or any(over.keys() != leak.keys() for over in gains.values()):
        got = str({attack: sorted(over) for attack, over in gains.items()})
        raise ContractError("gains do not compare", where="removed_share", expected=str(sorted(leak)), got=got)
