"""Can this teacher be distilled by this thief? The first of five answers that holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from distillab.core.errors import ContractError
from distillab.metrics.gains import Gain, require_margin
from distillab.metrics.intervals import MIN_SEEDS
from distillab.metrics.levels import Levels
from distillab.metrics.planning import Price, price

Answer = Literal["distillable", "nothing to steal", "no control", "undistillable", "undecided"]

DECIDED: tuple[Answer, ...] = ("distillable", "undistillable")
"""The answers that answer the question."""

OPEN: tuple[Answer, ...] = ("undecided", "no control")
"""Those that more seeds of the teacher's own cells may change; the second of them only to `distillable`."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one teacher and one thief."""

    gains: Mapping[str, Mapping[str, Gain]]
    """Per attack, the gain over each control; bounds must hold over all of them."""
    headroom: Gain | None = None
    """The teacher's accuracy less that of the student with the thief's labels alone; None where it is not known."""
    leaks: bool | None = None
    """Whether the unprotected teacher of the same network is distillable by this thief; None of that teacher itself."""
    missing: Sequence[str] = ()
    """Attacks that were planned and are not there."""
    closed: Sequence[str] = ()
    """Attacks that an earlier look has closed."""
    tested: bool = True
    """Whether `distillable` may be said: no, once a thief of the sequence with fewer labels has failed."""


@dataclass(frozen=True)
class TeacherDecision:
    """The answer, with what it rests on; gains are the smallest over the controls, all in accuracy."""

    answer: Answer
    reason: str
    attack: str | None
    """The attack with the largest mean gain."""
    gain: float | None
    lower: float | None
    """The largest lower bound of any attack, at the level of `distillable`."""
    upper: float | None
    """The largest upper bound, at the level of `undistillable`; None while an attack is missing or has no bounds."""
    headroom: tuple[float, float | None, float | None] | None
    """Value, lower and upper bound at the level of `undistillable`."""
    closed: tuple[str, ...]
    """Attacks whose gain is below the margin, for good: they need no more seeds."""
    price: Price | None = field(default=None)
    """What would decide, where nothing is decided; None where 1,024 seeds are not enough, or nothing can be said."""

    @property
    def decided(self) -> bool:
        """Whether the question of the teacher is answered."""
        return self.answer in DECIDED


def decide(evidence: Evidence, *, levels: Levels, margin: float, n_test: int) -> TeacherDecision:
    """The first answer that holds.

    1. distillable: an attack's lower bound on the gain is above 0, at ``share alpha / (T J K)``.
    2. nothing to steal: the upper bound of the headroom is below the margin, at ``alpha / (T J)``.
    3. no control: the unprotected teacher of the same network is not distillable by this thief.
    4. undistillable: each attack is closed, its upper bound below the margin at ``alpha / (T J)`` now or at an earlier
       look. That one of them wrongly is has this probability over J looks and any number of attacks, because of those
       at or above the margin one alone would have to be closed.
    5. undecided.

    Over several controls a lower bound is the smallest of them and an upper bound the largest.

    Raises:
        SpecError: The margin is below one test image.
        ContractError: Neither an attack nor a missing one, or more than the levels count.

    Reference: methods, thieves 4 and 5; Berger 1982 (intersection-union).
    """
    require_margin(margin, n_test)
    planned = len(evidence.gains) + len(evidence.missing)
    if not 1 <= planned <= levels.attacks or not all(evidence.gains.values()):
        expected = f"1..{levels.attacks} with a control each"
        raise ContractError("attacks do not fit the levels", where="decide", expected=expected, got=str(planned))
    case = _Case(evidence, levels, margin)
    answer, reason = case.answer()
    best = max(case.values, key=lambda attack: case.values[attack], default=None)
    complete, tested = not evidence.missing, evidence.tested
    return TeacherDecision(
        answer=answer,
        reason=reason,
        attack=best,
        gain=None if best is None else case.values[best],
        lower=max(case.lowers.values(), default=None),
        upper=max(case.uppers.values()) if complete and len(case.uppers) == planned else None,
        headroom=case.headroom,
        closed=case.closed,
        price=price(evidence.gains, closed=case.closed, levels=levels, margin=margin, complete=complete, tested=tested)
        if answer in OPEN
        else None,
    )


def lower_over_controls(gains: Mapping[str, Gain], level: float) -> float | None:
    """The smallest lower bound; None where the gain over one of the controls has none."""
    bounds = [bound for gain in gains.values() if (bound := gain.lower(level)) is not None]
    return min(bounds) if len(bounds) == len(gains) else None


def upper_over_controls(gains: Mapping[str, Gain], level: float) -> float | None:
    """The largest upper bound; None where the gain over one of the controls has none."""
    bounds = [bound for gain in gains.values() if (bound := gain.upper(level)) is not None]
    return max(bounds) if len(bounds) == len(gains) else None


class _Case:
    """The bounds that one answer rests on, over the controls."""

    def __init__(self, evidence: Evidence, levels: Levels, margin: float) -> None:
        self.evidence, self.margin = evidence, margin
        gains = evidence.gains
        self.values = {attack: min(gain.value for gain in over.values()) for attack, over in gains.items()}
        lowers = {attack: lower_over_controls(over, levels.distillable) for attack, over in gains.items()}
        uppers = {attack: upper_over_controls(over, levels.undistillable) for attack, over in gains.items()}
        self.lowers = {attack: bound for attack, bound in lowers.items() if bound is not None}
        # A bound that closed an attack stands, whatever the controls have become since.
        earlier = {attack: margin for attack in evidence.closed if attack in gains}
        self.uppers = {
            attack: min(bound, earlier.get(attack, bound)) for attack, bound in uppers.items() if bound is not None
        }
        self.closed = tuple(a for a in gains if a in earlier or (a in self.uppers and self.uppers[a] < margin))
        room = evidence.headroom
        level = levels.undistillable
        self.headroom = None if room is None else (room.value, room.lower(level), room.upper(level))

    def answer(self) -> tuple[Answer, str]:
        """The first of the five, and why."""
        best = max(self.lowers, key=lambda attack: self.lowers[attack], default=None)
        leak = best is not None and self.lowers[best] > 0
        if best is not None and leak and self.evidence.tested:
            gain, least = _points(self.values[best]), _points(self.lowers[best])
            return "distillable", f"{best} gains {gain} points, at least {least}"
        room = self.headroom[2] if self.headroom else None
        margin = f"margin {_points(self.margin)}"
        if room is not None and room < self.margin:
            return "nothing to steal", f"the teacher is at most {_points(room)} points above the control, {margin}"
        if self.evidence.leaks is False:
            return "no control", "the unprotected teacher of this network is not shown to leak"
        if len(self.closed) == len(self.values) and not self.evidence.missing:
            most = max(self.uppers.values(), default=self.margin)
            count = len(self.values)
            return "undistillable", f"none of {count} attacks gains more than {_points(most)} points, {margin}"
        return "undecided", self._open(best if leak else None, margin)

    def _open(self, leak: str | None, margin: str) -> str:
        if leak is not None:
            return f"{leak} gains, but a thief with fewer labels is not shown to"
        if self.evidence.missing:
            return f"missing: {', '.join(self.evidence.missing)}; no gain is established"
        unbounded = [attack for attack in self.values if attack not in self.uppers and attack not in self.closed]
        if unbounded:
            return f"{unbounded[0]} or its control has fewer than {MIN_SEEDS} seeds; no gain is established"
        widest = max(self.uppers, key=lambda attack: self.uppers[attack])
        return f"{widest} may gain up to {_points(self.uppers[widest])} points, {margin}; no gain is established"


def _points(share: float) -> str:
    return f"{100 * share:.2f}"
