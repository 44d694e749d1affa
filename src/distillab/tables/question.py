"""Can a teacher be distilled by a thief? One question, and what the looks at its cells have found so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf
from statistics import fmean

from distillab.metrics.decisions import OPEN, Evidence, TeacherDecision, decide
from distillab.metrics.gains import Gain, headroom
from distillab.metrics.levels import Levels
from distillab.tables.cells import attack_facts, missing
from distillab.tables.margins import margin
from distillab.tables.results import Results
from distillab.tables.thefts import Theft, brought_in, is_unprotected
from distillab.tables.tuning import KnockoffCell

EVERY_STUDENT = "every student"
"""In place of a student network: the verdict over all of them together."""

DIGITS = 12
"""Means that agree to so many decimals are equal."""


@dataclass(eq=False)
class Question:
    """What is asked about, and what the looks so far have found."""

    thief: str
    teacher: str
    defense: str
    network: str
    """The teacher's."""
    student: str
    cells: Mapping[str, tuple[Theft, KnockoffCell]]
    """Name of each planned attack to where its gain is."""
    levels: Levels
    decision: TeacherDecision | None = None
    gains: Mapping[str, Mapping[str, Gain]] = field(default_factory=dict)
    """What the decision was made on: per attack, the gain over each control."""

    @property
    def results(self) -> Results:
        """Where its numbers are from."""
        return self.parts[0].results

    @property
    def parts(self) -> list[Theft]:
        """The student networks that it is asked over."""
        return list({theft.student: theft for theft, _ in self.cells.values()}.values())

    @property
    def answer(self) -> str:
        """One of the five; empty where nothing is there."""
        return self.decision.answer if self.decision else ""

    @property
    def is_control(self) -> bool:
        """Whether the teacher is unprotected, so that others are judged by it."""
        return is_unprotected(self.results, self.defense)

    @property
    def brought(self) -> str:
        """Key of the network from elsewhere that the teacher is, or that it defends; empty of ours."""
        return brought_in(self.results, self.defense)

    @property
    def gone(self) -> int:
        """Networks that it was to rest on, and that are not there."""
        planned = {cell: theft.planned[cell] for theft, cell in self.cells.values()}
        return missing(self.results, planned)

    @property
    def has_better_mean(self) -> bool:
        """The papers' rule: whether some attack's mean accuracy is above that of its LS students, whatever the spread.

        Of all runs that are there.
        """
        return any(
            round(fmean(theft.accuracies[cell].values()) - fmean(theft.controls["ls"].values()), DIGITS) > 0
            for theft, cell in self.cells.values()
            if cell in theft.accuracies and "ls" in theft.controls
        )

    @property
    def open_cells(self) -> set[KnockoffCell]:
        """The cells of which more seeds might decide it."""
        if self.decision is None or self.answer not in OPEN:
            return set()
        return {cell for name, (_, cell) in self.cells.items() if name not in self.decision.closed}

    @property
    def price_runs(self) -> int | None:
        """Trainings that the price of its decision stands for, those of every setting that a tuning attacker tries."""
        price = self.decision.price if self.decision else None
        if self.decision is None or price is None:
            return None
        there = {run.member.id for run in self.results.runs}
        seeds: dict[tuple[str, str], set[int]] = {}
        for theft, cell in (self.cells[name] for name in self.gains if name not in self.decision.closed):
            for run in theft.planned[cell]:
                made = {run.seed} if run.member.id in there else set()
                seeds[run.arch, run.method] = seeds.get((run.arch, run.method), set()) | made
        return sum(max(0, price.seeds - len(made)) for made in seeds.values())

    @cached_property
    def headroom(self) -> Gain | None:
        """How far the teacher is above the LS student; of several students, of that which may leave most to steal."""
        n_test, known = len(self.results.labels["test"]), [(part.teachers, part.controls) for part in self.parts]
        if not all(teachers[self.teacher] and "ls" in controls for teachers, controls in known):
            return None
        rooms = [headroom(teachers[self.teacher], controls["ls"], n_test=n_test) for teachers, controls in known]
        return max(rooms, key=lambda room: _reach(room, self.levels.undistillable))

    def only_papers(self) -> "Question | None":
        """The same question over the attacks of the paper alone, not asked yet; None where there are none."""
        cells = {name: at for name, at in self.cells.items() if attack_facts(self.results, at[1])["in_paper"]}
        if not cells:
            return None
        return replace(self, cells=cells, levels=replace(self.levels, attacks=len(cells)), decision=None, gains={})

    def look(self, look: int, *, leaks: bool | None, tested: bool) -> None:
        """Decide on the gains of one more look; a decision of an earlier one stands, and so does a closed attack.

        Args:
            look: The seeds of the look.
            leaks: Whether the unprotected teacher is shown to be distillable; None of that teacher itself.
            tested: Whether the thief with fewer labels in the same sequence is shown to distill this teacher.
        """
        seen = {name: gains for name, (theft, cell) in self.cells.items() if (gains := theft.gain(cell, look))}
        if not seen or (self.decision and self.decision.decided):
            return
        evidence = Evidence(
            gains=seen,
            headroom=self.headroom,
            leaks=leaks,
            missing=[name for name in self.cells if name not in seen],
            closed=self.decision.closed if self.decision else (),
            tested=tested,
        )
        n_test = len(self.results.labels["test"])
        self.decision = decide(evidence, levels=self.levels, margin=margin(self.results), n_test=n_test)
        self.gains = seen


def _reach(gain: Gain, level: float) -> float:
    upper = gain.upper(level)
    return inf if upper is None else upper
