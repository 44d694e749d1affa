"""What each defense takes from a thief: the share of the leak that is gone, whether it protects, and what it costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from distillab.metrics.dunnett import Difference, differences_from
from distillab.metrics.gains import Gain
from distillab.metrics.intervals import LEVEL
from distillab.metrics.protection import Shield, protections, removed_share
from distillab.tables.margins import margin
from distillab.tables.question import EVERY_STUDENT, Question

Row = dict[str, Any]

FIXED_BEFOREHAND = "kd"
"""The attack by which the unprotected teacher's leak is measured; the first of the plan where it is not tried."""

NOTHING: Row = dict.fromkeys((
    "share_removed", "share_low", "share_high", "protects", "protection_reason", "cost", "cost_low", "cost_high",
))  # fmt: skip


def shielding(questions: list[Question]) -> dict[Question, Row]:
    """The columns of `NOTHING` for each question about a defended teacher that has the same one without beside it.

    They are of all runs that are there: a gain and the leak that it is a share of must have the same controls.
    """
    apart = [question for question in questions if question.student != EVERY_STUDENT]
    plain = {_where(question): question for question in reversed(apart) if _is_plain(question)}
    plain = {where: control for where, control in plain.items() if control.is_control or _defended(apart, control)}
    found: dict[Question, Row] = {}
    for control in plain.values():
        defended = _defended(apart, control)
        groups = sum(other.thief == control.thief for other in plain.values())
        found |= dict(_Group(control, defended, groups).rows())
    return found


def _where(question: Question) -> tuple[str, str, str, str]:
    """What teachers that are compared have in common: thief, student network, and their own, be it from elsewhere."""
    return question.thief, question.student, question.network, question.brought


def _is_plain(question: Question) -> bool:
    """Whether nothing of a defense is in a teacher that others are compared with: a network from elsewhere as it is."""
    return question.defense == question.brought if question.brought else question.is_control


def _defended(apart: list[Question], plain: Question) -> list[Question]:
    return [question for question in apart if _where(question) == _where(plain) and not _is_plain(question)]


@dataclass
class _Group:
    """Defended teachers beside the unprotected one of their network; the thief has so many groups."""

    plain: Question
    defended: list[Question]
    groups: int

    def rows(self) -> Iterator[tuple[Question, Row]]:
        protected = self.protected()
        for question in self.compared:
            cost = _cost(self.costs[question.teacher])
            yield question, NOTHING | self.share(question) | protected.get(question.teacher, {}) | cost

    @property
    def compared(self) -> list[Question]:
        """The teachers that have a seed in common with the unprotected one."""
        return [question for question in self.defended if question.teacher in self.costs]

    @cached_property
    def costs(self) -> dict[str, Difference]:
        """Accuracy of each defended teacher less that of the unprotected one over their seeds, by Dunnett's rule."""
        accuracies = self.plain.parts[0].teachers
        reference = accuracies[self.plain.teacher]
        others = {question.teacher: accuracies[question.teacher] for question in self.defended}
        others = {name: runs for name, runs in others.items() if runs.keys() & reference.keys()}
        return differences_from(reference, others, n_test=self.n_test)

    @cached_property
    def leak(self) -> Mapping[str, Gain]:
        """The gain from the unprotected teacher by the attack that was fixed beforehand; empty where it is missing."""
        cells = self.plain.cells
        theft, cell = cells.get(FIXED_BEFOREHAND) or next(iter(cells.values()))
        return theft.gain(cell)

    @property
    def n_test(self) -> int:
        return len(self.plain.results.labels["test"])

    def share(self, question: Question) -> Row:
        """How much of the leak is gone; nothing while an attack is missing, which might leave less of it gone."""
        gains, tail = _gains(question), (1 - LEVEL) / 2
        if not self.leak or len(gains) < len(question.cells):
            return {}
        found = removed_share(gains, self.leak, alpha=tail, attacks=len(gains), margin=margin(self.plain.results))
        return {"share_removed": found.value, "share_low": found.lower, "share_high": found.upper} if found else {}

    def protected(self) -> dict[str, Row]:
        """Per teacher whether it is protected, and what speaks most against it."""
        if not self.leak:
            return {}
        levels = self.plain.levels
        found = protections(
            {question.teacher: _shield(question, self.costs[question.teacher]) for question in self.compared},
            self.leak,
            alpha=levels.alpha / (levels.thieves * self.groups),
            looks=levels.looks,
            margin=margin(self.plain.results),
            n_test=self.n_test,
        )
        return {name: {"protects": each.protects, "protection_reason": each.reason} for name, each in found.items()}


def _gains(question: Question) -> dict[str, Mapping[str, Gain]]:
    return {name: gains for name, (theft, cell) in question.cells.items() if (gains := theft.gain(cell))}


def _shield(question: Question, cost: Difference) -> Shield:
    gains = _gains(question)
    missing = [name for name in question.cells if name not in gains]
    return Shield(gains, cost, missing or (["some networks"] if question.gone else []))


def _cost(accuracy: Difference) -> Row:
    # From 0, for the negative of nothing would be minus zero.
    low, high = (None if bound is None else 0 - bound for bound in (accuracy.high, accuracy.low))
    return {"cost": 0 - accuracy.value, "cost_low": low, "cost_high": high}
