"""Decisions look by look: what was decided or closed at an earlier look stands, and error rates hold over all looks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from distillab.core.identity import PAPER
from distillab.metrics.decisions import Evidence, TeacherDecision, decide
from distillab.metrics.gains import Gain, Gains, headroom
from distillab.metrics.levels import Levels, shared_levels
from distillab.tables.cells import attack_facts, missing
from distillab.tables.margins import margin
from distillab.tables.results import Results
from distillab.tables.thefts import Theft, further_looks, is_unprotected, thefts_of, thieves_of
from distillab.tables.tuning import KnockoffCell

EVERY_STUDENT = "every student"
"""In place of a student network: the verdict over all of them together."""

GainsByAttack = dict[str, Mapping[str, Gain]]
"""Attack to its gain over each control."""


@dataclass
class Question:
    """Can a teacher be distilled by a thief? What is asked about, and what the looks so far have found."""

    thief: str
    teacher: str
    defense: str
    network: str
    """The teacher's."""
    student: str
    cells: dict[str, tuple[Theft, KnockoffCell]]
    """Name of each planned attack to where its gain is."""
    levels: Levels
    decision: TeacherDecision | None = None
    gains: GainsByAttack = field(default_factory=dict)
    """What the decision was made on."""

    @property
    def parts(self) -> list[Theft]:
        """The student networks that it is asked over."""
        return list({theft.student: theft for theft, _ in self.cells.values()}.values())

    @property
    def gone(self) -> int:
        """Networks that it was to rest on, and that are not there."""
        return sum(
            missing(part.results, {cell: part.planned[cell] for theft, cell in self.cells.values() if theft is part})
            for part in self.parts
        )

    def only_papers(self) -> "Question | None":
        """The same question over the attacks of the paper alone; None where there are none."""
        cells = {
            name: (theft, cell)
            for name, (theft, cell) in self.cells.items()
            if attack_facts(theft.results, cell)["in_paper"]
        }
        levels = replace(self.levels, attacks=max(1, len(cells)))
        asked = replace(self, cells=cells, levels=levels, decision=None, gains={})
        return asked if cells else None

    @property
    def open_cells(self) -> set[KnockoffCell]:
        """The cells of which more seeds might decide it."""
        if self.decision is None or self.decision.answer not in {"undecided", "no control"}:
            return set()
        return {cell for name, (_, cell) in self.cells.items() if name not in self.decision.closed}

    def look(self, gains: Mapping[str, Gains | None], *, leaks: bool | None, tested: bool) -> None:
        """Decide on the gains of one more look, by student; a decision of an earlier one stands."""
        if self.decision and self.decision.decided:
            return
        found: GainsByAttack = {}
        for name, (theft, cell) in self.cells.items():
            of_student = gains[theft.student]
            seen = of_student.of_teacher(self.teacher) if of_student else {}
            if cell.name in seen:
                found[name] = seen[cell.name]
        if not found:
            return
        closed = self.decision.closed if self.decision else ()
        lacking = [name for name in self.cells if name not in found]
        evidence = Evidence(found, self.headroom, leaks, lacking, closed, tested)
        results = self.parts[0].results
        self.gains = found
        self.decision = decide(evidence, levels=self.levels, margin=margin(results), n_test=len(results.labels["test"]))

    @cached_property
    def headroom(self) -> Gain | None:
        """How far the teacher is above the LS student; of several students the one that leaves most to steal."""
        rooms = [
            headroom(teacher, part.controls["ls"], n_test=len(part.results.labels["test"]))
            for part in self.parts
            if (teacher := part.teachers[self.teacher]) and "ls" in part.controls
        ]
        return max(rooms, key=lambda room: room.value, default=None)


def questions(results: Results) -> list[Question]:
    """Every question of the run with what all looks have found, by thief and teacher in the order of the plan."""
    by_thief: dict[str, list[Theft]] = {}
    for theft in thefts_of(results):
        by_thief.setdefault(theft.thief, []).append(theft)
    asked = {thief: list(_questions(thief, thefts)) for thief, thefts in by_thief.items()}
    for question, levels in _levels(results, asked):
        question.levels = levels
    for thief in sorted(asked, key=lambda name: _labels(results, name)):
        answer_at_all_looks(by_thief[thief], asked[thief], _shown_by_fewer(results, thief, asked))
    return [question for of_thief in asked.values() for question in of_thief if question.decision]


def answer_at_all_looks(thefts: list[Theft], asked: list[Question], fewer: set[str] | None) -> None:
    """Take every look that was taken; unprotected teachers are looked at first, for others are judged by them.

    Args:
        thefts: One per student network.
        asked: The questions about this thief.
        fewer: Teachers that the thief with fewer labels in the same sequence is shown to distill; None without such.
    """
    plain = [question for question in asked if is_unprotected(thefts[0].results, question.defense)]
    rest = [question for question in asked if question not in plain]
    for look in thefts[0].looks():
        gains = {theft.student: theft.gains(look) for theft in thefts}
        for question in (*plain, *rest):
            tested = fewer is None or question.teacher in fewer
            question.look(gains, leaks=None if question in plain else _leaks(plain, question), tested=tested)


def _questions(thief: str, thefts: list[Theft]) -> Iterator[Question]:
    robbed = dict.fromkeys(name for theft in thefts for name in theft.robbed)
    for teacher in robbed:
        parts = [theft for theft in thefts if teacher in theft.robbed]
        for group in [[part] for part in parts] + ([parts] if len(parts) > 1 else []):
            cells = {
                f"{cell.name} on {part.student}" if len(group) > 1 else cell.name: (part, cell)
                for part in group
                for cell in part.attacks(teacher)
            }
            student = EVERY_STUDENT if len(group) > 1 else group[0].student
            defense, network = group[0].robbed[teacher], group[0].networks[teacher]
            yield Question(thief, teacher, defense, network, student, cells, Levels(attacks=len(cells)))


def _levels(results: Results, asked: dict[str, list[Question]]) -> Iterator[tuple[Question, Levels]]:
    """How each thief's questions share the error rate: the papers' thief has its own, the others share one."""
    shared = [[thief for thief in group if thief in asked] for group in sequences(results)]
    shared = [group for group in shared if group]
    alpha = results.workspace.plan.facts["decide"]["alpha"]
    of_others = shared_levels(shared, Levels(alpha=alpha)) if shared else {}
    for thief, of_thief in asked.items():
        levels = of_others.get(thief, Levels(alpha=alpha))
        looks = 1 + len(further_looks(results, thief))
        for question in of_thief:
            yield question, replace(levels, teachers=len(of_thief), looks=looks, attacks=len(question.cells))


def sequences(results: Results) -> list[list[str]]:
    """The thieves but the papers', those that differ in their labels alone together, from the fewest up."""
    groups: dict[str, list[str]] = {}
    for thief, means in thieves_of(results).items():
        if thief != PAPER:
            alike = {name: value for name, value in means.items() if name not in {"labels", "seeds"}}
            groups.setdefault(str(alike), []).append(thief)
    return [sorted(group, key=lambda name: _labels(results, name)) for group in groups.values()]


def _labels(results: Results, thief: str) -> float:
    labels = thieves_of(results)[thief]["labels"]
    return float("inf") if labels == "all" else float(labels)


def _shown_by_fewer(results: Results, thief: str, asked: dict[str, list[Question]]) -> set[str] | None:
    """Teachers that the thief before this one in its sequence is shown to distill; None where there is no such."""
    for group in sequences(results):
        before = [name for name in group[: group.index(thief)] if name in asked] if thief in group else []
        if before:
            found = asked[before[-1]]
            return {each.teacher for each in found if each.decision and each.decision.answer == "distillable"}
    return None


def _leaks(plain: list[Question], question: Question) -> bool:
    """Whether the unprotected teacher of the same network is shown to be distillable with the same student."""
    alike = [each for each in plain if (each.student, each.network) == (question.student, question.network)]
    return any(each.decision and each.decision.answer == "distillable" for each in alike)
