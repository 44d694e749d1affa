"""What a thief tried on a student network: the cells, their controls, and what each look at them saw."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from distillab.metrics.gains import CellKey, Gains, gains_over_controls
from distillab.tables.cells import CONTROLS, accuracies, control_accuracy, planned_cells, runs_by_cell
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results
from distillab.tables.tuning import KnockoffCell

UNPROTECTED = "unprotected"
"""The kind of the defense that is none."""

EVERYTHING = -1
"""In place of the seeds of a look: all that are there."""

BySeed = Mapping[int, float]
"""Seed to test accuracy."""


class Theft:
    """One thief and one student network."""

    def __init__(self, results: Results, thief: str, student: str) -> None:
        self.results, self.thief, self.student = results, thief, student
        self.planned = _of_student(planned_cells(results, thief), student)
        self.runs = _of_student(runs_by_cell(results, thief), student)

    @cached_property
    def controls(self) -> dict[str, dict[int, float]]:
        """Short name of each control to its accuracies, of all its seeds."""
        found = {
            short: control_accuracy(self.results, self.thief, role).get(self.student, {})
            for role, short in CONTROLS.items()
        }
        return {short: runs for short, runs in found.items() if runs}

    @cached_property
    def planned_controls(self) -> set[str]:
        """Short names of the controls that were to be trained."""
        runs = self.results.planned
        return {CONTROLS[run.role] for run in runs if run.role in CONTROLS and run.thief == self.thief}

    @cached_property
    def teachers(self) -> dict[str, dict[int, float]]:
        """Teacher to its accuracies, of the seeds that are there."""
        found: dict[str, list[ModelRun]] = {}
        for run in self.results.runs:
            if run.role == "teacher":
                found.setdefault(run.model, []).append(run)
        return {name: accuracies(self.results, found.get(name, [])) for name in self.robbed}

    @cached_property
    def robbed(self) -> dict[str, str]:
        """Teacher to its defense, in the order of the plan."""
        return {cell.teacher: runs[0].defense for cell, runs in self.planned.items()}

    @cached_property
    def networks(self) -> dict[str, str]:
        """Teacher to its network."""
        return {run.model: run.arch for run in self.results.planned if run.role == "teacher"}

    def attacks(self, teacher: str) -> list[KnockoffCell]:
        """The cells that are planned on a teacher."""
        return [cell for cell in self.planned if cell.teacher == teacher]

    def gains(self, seeds: int = EVERYTHING) -> Gains | None:
        """Gains over the controls, of a look's seeds; None where a control or every cell is not there."""
        cells = {
            CellKey(cell.teacher, cell.name): accuracies(self.results, kept)
            for cell, runs in self.runs.items()
            if (kept := [run for run in runs if self._is_seen(cell, run, seeds)])
        }
        if not cells or not self.controls or set(self.controls) != self.planned_controls:
            return None
        return gains_over_controls(cells, self.controls, n_test=len(self.results.labels["test"]))

    def looks(self) -> list[int]:
        """Seeds at which the cells were looked at, 0 for the first time: as many as some cell has reached."""
        most = max((len(runs) for runs in self.planned.values()), default=0)
        return [0, *(look for look in further_looks(self.results, self.thief) if look <= most)]

    def _is_seen(self, cell: KnockoffCell, run: ModelRun, seeds: int) -> bool:
        if seeds == EVERYTHING:
            return True
        first = {*first_seeds(self.results, self.thief), *_headline_seeds(self.results, self.thief, cell, run.defense)}
        order = [planned.seed for planned in self.planned[cell]]
        return run.seed in first or run.seed in order[:seeds]


def thefts_of(results: Results) -> Iterator[Theft]:
    """Every thief with cells, in the order of the parameters, and every student network."""
    for thief in thieves_of(results):
        for student in dict.fromkeys(cell.student for cell in planned_cells(results, thief)):
            yield Theft(results, thief, student)


def thieves_of(results: Results) -> dict[str, dict[str, Any]]:
    """Thief to its means, as the plan tells them; the papers' alone where it tells none."""
    found: dict[str, dict[str, Any]] = results.workspace.plan.facts["thieves"]
    return found


def further_looks(results: Results, thief: str) -> list[int]:
    """Seeds at which open cells are looked at again, after the first time."""
    looks: list[int] = results.workspace.plan.facts["decide"]["looks"]
    return [look for look in looks if look > len(first_seeds(results, thief))]


def first_seeds(results: Results, thief: str) -> list[int]:
    """The seeds that a thief's cells have before anything is decided."""
    found: list[int] = thieves_of(results)[thief]["seeds"]
    return found


def is_unprotected(results: Results, defense: str) -> bool:
    """Whether a defense is none."""
    return bool(results.workspace.plan.facts["defenses"][defense].get("kind") == UNPROTECTED)


def _headline_seeds(results: Results, thief: str, cell: KnockoffCell, defense: str) -> list[int]:
    headline = results.workspace.plan.facts["decide"]["headline"]
    inside = thief in headline["thieves"] and cell.attack in headline["attacks"] and defense in headline["defenses"]
    seeds: list[int] = headline["seeds"] if inside else []
    return seeds


def _of_student(cells: dict[KnockoffCell, list[ModelRun]], student: str) -> dict[KnockoffCell, list[ModelRun]]:
    return {cell: runs for cell, runs in cells.items() if cell.student == student}
