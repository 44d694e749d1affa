"""What a thief tried on a student network: the cells, their controls, and what each look at them saw."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from sys import maxsize
from typing import Any

from distillab.metrics.gains import CellKey, Gain, Gains, gains_over_controls
from distillab.tables.cells import CONTROLS, accuracies, control_accuracy, planned_cells, runs_by_cell
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results
from distillab.tables.tuning import KnockoffCell

UNPROTECTED = "unprotected"
"""The kind of the defense that is none."""

BROUGHT = "brought"
"""The kind of a network from elsewhere, which nobody trained here."""

EVERYTHING = maxsize
"""A look at more seeds than a cell has: at all that are there."""


class Theft:
    """One thief and one student network."""

    def __init__(self, results: Results, thief: str, student: str) -> None:
        self.results, self.thief, self.student = results, thief, student
        self.planned = _of_student(planned_cells(results, thief), student)
        self.runs = _of_student(runs_by_cell(results, thief), student)
        self._gains: dict[int, Gains | None] = {}

    @cached_property
    def accuracies(self) -> dict[KnockoffCell, dict[int, float]]:
        """Cell to seed to test accuracy, of what is there."""
        return {cell: accuracies(self.results, runs) for cell, runs in self.runs.items()}

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
        own = (run for run in self.results.planned if (run.thief, run.arch) == (self.thief, self.student))
        return {CONTROLS[run.role] for run in own if run.role in CONTROLS}

    @cached_property
    def teachers(self) -> dict[str, dict[int, float]]:
        """Teacher to its accuracies, of the seeds that are there."""
        found: dict[str, list[ModelRun]] = {name: [] for name in self.robbed}
        for run in self.results.runs:
            if run.role == "teacher" and run.model in found:
                found[run.model].append(run)
        return {name: accuracies(self.results, runs) for name, runs in found.items()}

    @cached_property
    def robbed(self) -> dict[str, str]:
        """Teacher to its defense, in the order of the plan."""
        return {cell.teacher: runs[0].defense for cell, runs in self.planned.items()}

    @cached_property
    def networks(self) -> dict[str, str]:
        """Teacher to its network."""
        return {run.model: run.arch for run in self.results.planned if run.role == "teacher"}

    @property
    def most_seeds(self) -> int:
        """Seeds of the cell that is to have the most."""
        return max((len({run.seed for run in runs}) for runs in self.planned.values()), default=0)

    def attacks(self, teacher: str) -> list[KnockoffCell]:
        """The cells that are planned on a teacher."""
        return [cell for cell in self.planned if cell.teacher == teacher]

    def gains(self, look: int = EVERYTHING) -> Gains | None:
        """Gains over the controls, of the seeds that a look saw; None where a control or every cell is not there."""
        if look not in self._gains:
            self._gains[look] = self._gains_at(look)
        return self._gains[look]

    def gain(self, cell: KnockoffCell, look: int = EVERYTHING) -> Mapping[str, Gain]:
        """The gain of a cell over each control; empty where it is not there."""
        found = self.gains(look)
        return found.cells.get(CellKey(cell.teacher, cell.name), {}) if found else {}

    def _gains_at(self, look: int) -> Gains | None:
        seen = {cell: self._seeds(cell, look) for cell in self.planned}
        cells = {
            CellKey(cell.teacher, cell.name): kept
            for cell, by_seed in self.accuracies.items()
            if (kept := _kept(by_seed, seen[cell]))
        }
        # Controls are trained for the seeds of the cells: those of later looks were not there yet.
        beside = {*thieves_of(self.results)[self.thief]["control_seeds"]}.union(*seen.values())
        controls = {
            short: kept
            for short, by_seed in self.controls.items()
            if (kept := by_seed if look == EVERYTHING else _kept(by_seed, beside))
        }
        if not cells or not controls or controls.keys() != self.planned_controls:
            return None
        return gains_over_controls(cells, controls, n_test=len(self.results.labels["test"]))

    def _seeds(self, cell: KnockoffCell, look: int) -> set[int]:
        """The seeds of a cell that a look saw: those that it had from the first, and as many as the look was at."""
        planned = self.planned[cell]
        first = (*first_seeds(self.results, self.thief), *_headline_seeds(self.results, self.thief, planned[0]))
        return {*first, *list(dict.fromkeys(run.seed for run in planned))[:look]}


def thefts_of(results: Results) -> Iterator[Theft]:
    """Every thief with cells, in the order of the parameters, and every student network."""
    for thief in thieves_of(results):
        for student in dict.fromkeys(cell.student for cell in planned_cells(results, thief)):
            yield Theft(results, thief, student)


def thieves_of(results: Results) -> dict[str, dict[str, Any]]:
    """Thief to its means and first seeds, as the plan tells them; those without questions too."""
    found: dict[str, dict[str, Any]] = results.workspace.plan.facts["thieves"]
    return found


def label_count(results: Results, thief: str) -> int:
    """How many labels a thief has: of all, those of the validation images too, on which it chooses."""
    labels = thieves_of(results)[thief]["labels"]
    return sum(len(results.labels[split]) for split in ("train", "val")) if labels == "all" else int(labels)


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
    kind: str = results.workspace.plan.facts["defenses"][defense]["kind"]
    return kind == UNPROTECTED


def brought_in(results: Results, defense: str) -> str:
    """Key of the network from elsewhere whose answers a row gives, as they are or defended; empty of ours."""
    key: str = results.workspace.plan.facts["defenses"][defense].get("brought", "")
    return key


def _headline_seeds(results: Results, thief: str, run: ModelRun) -> list[int]:
    headline = results.workspace.plan.facts["decide"]["headline"]
    inside = thief in headline["thieves"] and run.attack in headline["attacks"] and run.defense in headline["defenses"]
    seeds: list[int] = headline["seeds"] if inside else []
    return seeds


def _kept(by_seed: Mapping[int, float], seeds: set[int]) -> dict[int, float]:
    return {seed: value for seed, value in by_seed.items() if seed in seeds}


def _of_student(cells: dict[KnockoffCell, list[ModelRun]], student: str) -> dict[KnockoffCell, list[ModelRun]]:
    return {cell: runs for cell, runs in cells.items() if cell.student == student}
