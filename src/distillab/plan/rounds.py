"""One round of `distillab decide`: what is open after a run, what may be asked for next, and what that costs."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from distillab.core.job import Member, Plan
from distillab.core.workspace import Workspace
from distillab.metrics.decisions import OPEN
from distillab.params.asked import AskedCell, with_asked
from distillab.params.root import Params
from distillab.plan.asking import Row, open_teachers
from distillab.plan.durations import Durations
from distillab.plan.effort import Effort, effort_of, needed_by
from distillab.plan.expand import expand
from distillab.plan.seeds import cell_seeds


class Round:
    """The tables of a run as they are now, and the seeds that they leave to be asked for."""

    def __init__(
        self, params: Params, plan: Plan, *, knockoff: Sequence[Row], verdicts: Sequence[Row], root: Path = Path()
    ) -> None:
        self.params, self.plan, self.root = params, plan, root
        self.verdicts = verdicts
        self.teachers = open_teachers(params, knockoff, verdicts)
        """Those with open cells, the nearest to a decision first."""
        self._open = {(teacher.thief, teacher.defense): teacher for teacher in self.teachers}

    @cached_property
    def looks(self) -> dict[AskedCell, int]:
        """Every cell that can be asked for, with the seeds of its next look."""
        return {cell: look for teacher in self.teachers for cell, look in teacher.looks.items()}

    def effort_of(self, cells: Iterable[AskedCell]) -> Effort:
        """What the next looks of some cells cost, with all that is made for them and is not planned yet."""
        needed = needed_by(self._after, {*cells})
        return effort_of(self._durations, (member for name, member in needed.items() if name not in self.plan.members))

    def is_open(self, verdict: Row) -> bool:
        """Whether a verdict may change with more seeds of its own cells."""
        return verdict["verdict"] in OPEN and (verdict["thief"], verdict["defense"]) in self._open

    def price_of(self, verdict: Row) -> Effort | None:
        """What would probably decide an open verdict, hours at the rate of one more seed; None where nothing is known.

        Controls and teachers that others share are in the hours of each.
        """
        runs = verdict["price_runs"]
        if runs is None or not self.is_open(verdict):
            return None
        teacher = self._open[verdict["thief"], verdict["defense"]]
        cells = {*teacher.looks, *teacher.stopped}
        seed = cell_seeds(self.params, *min(cells))[0]
        needed = needed_by(self.plan.members, cells, {seed}).values()
        one = effort_of(self._durations, (member for member in needed if member.stage != "prepare"))
        share = int(runs) / max(1, one.knockoffs)
        return Effort(int(runs), None if one.seconds is None else share * one.seconds)

    @cached_property
    def _after(self) -> dict[str, Member]:
        """The members after every open cell was asked for."""
        return expand(with_asked(self.params, self.looks), self.root)

    @cached_property
    def _durations(self) -> Durations:
        return Durations(Workspace(self.root, self.plan))
