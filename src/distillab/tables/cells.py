"""The cells of the knockoff matrix: whose knockoffs they hold, whom these are compared with, and what is not there."""

from typing import Any

from distillab.core.identity import PAPER
from distillab.tables.model_run import ModelRun
from distillab.tables.models import chosen_smoothing, split_accuracy
from distillab.tables.results import Results
from distillab.tables.tuning import KnockoffCell, Trials, candidates, with_tuned

CONTROLS = {"ls_student": "ls", "pseudo_student": "pseudo"}
"""Roles of the students that a thief's knockoffs are compared with, and what they are called for short."""

Baseline = dict[str, dict[int, float]]
"""Network to seed to test accuracy of one control."""


def runs_by_cell(results: Results, thief: str = PAPER) -> dict[KnockoffCell, list[ModelRun]]:
    """A thief's knockoffs of each cell, in plan order; where an attacker tuned, the chosen trials are a cell more."""
    return with_tuned(results, _by_cell(results.runs, thief))


def planned_cells(results: Results, thief: str = PAPER) -> dict[KnockoffCell, list[ModelRun]]:
    """A thief's knockoffs of each cell, there or not; of a tuning attacker's, every candidate's."""
    rivals = candidates(_by_cell(results.planned, thief))
    return {cell: [run for runs in lists for run in runs] for cell, lists in rivals.items()}


def control_accuracy(results: Results, thief: str = PAPER, role: str = "ls_student") -> Baseline:
    """Network to seed to test accuracy of a thief's control, with the smoothing that its LS students chose."""
    chosen = chosen_smoothing(results, thief)
    found: Baseline = {}
    for run in results.runs:
        if run.role == role and run.thief == thief and run.label_smoothing == chosen.get(run.arch):
            found.setdefault(run.arch, {})[run.seed] = split_accuracy(results, run, "test")
    return found


def accuracies(results: Results, runs: list[ModelRun]) -> dict[int, float]:
    """Seed to test accuracy."""
    return {run.seed: split_accuracy(results, run, "test") for run in runs}


def missing(results: Results, planned: dict[KnockoffCell, list[ModelRun]]) -> int:
    """How many of these cells' networks, controls included, are not there with their answers."""
    knockoffs = [run for runs in planned.values() for run in runs]
    compared = {(run.thief, run.arch) for run in knockoffs}
    controls = [run for run in results.planned if run.role in CONTROLS and (run.thief, run.arch) in compared]
    needed = {run.member.id for run in (*knockoffs, *controls)}
    return len(needed - {run.member.id for run in results.runs})


def attack_facts(results: Results, cell: KnockoffCell) -> dict[str, Any]:
    """Label and provenance of a cell's attack, tuned or not."""
    facts: dict[str, Any] = results.workspace.plan.facts["knockoffs"][cell.attack]
    return facts | {"label": f"{facts['label']} tuned", "in_paper": False} if cell.tuned else facts


def _by_cell(runs: list[ModelRun], thief: str) -> dict[KnockoffCell, Trials]:
    found: dict[KnockoffCell, Trials] = {}
    for run in runs:
        if run.role == "knockoff" and run.thief == thief:
            cell = KnockoffCell(run.teacher, run.arch, run.attack)
            found.setdefault(cell, {}).setdefault(run.trial, []).append(run)
    return found
