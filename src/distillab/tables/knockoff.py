"""The knockoff matrix: each cell paired over seeds with the LS student."""

from typing import Any

from distillab.core.identity import PAPER
from distillab.metrics.intervals import Estimate, seed_difference, seed_interval
from distillab.tables.columns import interval, shared
from distillab.tables.model_run import ModelRun
from distillab.tables.models import chosen_smoothing, split_accuracy
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.tuning import KnockoffCell, Trials, candidates, with_tuned

Row = dict[str, Any]
CONTROLS = {"ls_student": "ls", "pseudo_student": "pseudo"}
"""Roles of the students that a thief's knockoffs are compared with, and what they are called for short."""

Baseline = dict[str, dict[int, float]]
"""Network to seed to test accuracy of its LS student."""


def rows(results: Results) -> list[Row]:
    """The table ``knockoff``: one row per teacher, student network and attack, over the seeds that have both students.

    ``missing`` counts the networks that the row was to rest on, LS students included, and that are not there.
    """
    chosen, baseline, planned = chosen_smoothing(results), ls_accuracy(results), planned_cells(results)
    return [
        _row(results, cell, runs, chosen, baseline) | {"missing": missing(results, {cell: planned[cell]})}
        for cell, runs in paired(runs_by_cell(results), baseline).items()
    ]


def runs_by_cell(results: Results, thief: str = PAPER) -> dict[KnockoffCell, list[ModelRun]]:
    """A thief's knockoffs of each cell, in plan order; where an attacker tuned, the chosen trials are a cell more."""
    return with_tuned(results, _by_cell(results.runs, thief))


def planned_cells(results: Results, thief: str = PAPER) -> dict[KnockoffCell, list[ModelRun]]:
    """A thief's knockoffs of each cell, there or not; of a tuning attacker's, every candidate's."""
    rivals = candidates(_by_cell(results.planned, thief))
    return {cell: [run for runs in lists for run in runs] for cell, lists in rivals.items()}


def _by_cell(runs: list[ModelRun], thief: str) -> dict[KnockoffCell, Trials]:
    found: dict[KnockoffCell, Trials] = {}
    for run in runs:
        if run.role == "knockoff" and run.thief == thief:
            cell = KnockoffCell(run.teacher, run.arch, run.attack)
            found.setdefault(cell, {}).setdefault(run.trial, []).append(run)
    return found


def paired(matrix: dict[KnockoffCell, list[ModelRun]], baseline: Baseline) -> dict[KnockoffCell, list[ModelRun]]:
    """The cells with the seeds alone that the LS student of their network has, too."""
    both = {cell: [run for run in runs if run.seed in baseline.get(cell.student, {})] for cell, runs in matrix.items()}
    return {cell: runs for cell, runs in both.items() if runs}


def missing(results: Results, planned: dict[KnockoffCell, list[ModelRun]]) -> int:
    """How many of these cells' networks, controls included, are not there with their answers."""
    knockoffs = [run for runs in planned.values() for run in runs]
    compared = {(run.thief, run.arch) for run in knockoffs}
    controls = [run for run in results.planned if run.role in CONTROLS and (run.thief, run.arch) in compared]
    needed = {run.member.id for run in (*knockoffs, *controls)}
    return len(needed - {run.member.id for run in results.runs})


def ls_accuracy(results: Results, thief: str = PAPER, role: str = "ls_student") -> Baseline:
    """Network to seed to test accuracy of a thief's LS student, or other control, with the chosen smoothing."""
    chosen = chosen_smoothing(results, thief)
    found: dict[str, dict[int, float]] = {}
    for run in results.runs:
        if run.role == role and run.thief == thief and run.label_smoothing == chosen[run.arch]:
            found.setdefault(run.arch, {})[run.seed] = split_accuracy(results, run, "test")
    return found


def margin(results: Results) -> float:
    """The smallest difference of accuracies that can matter: one test image, or 0.1 point if that is larger."""
    return max(1 / max(1, len(results.labels["test"])), 0.001)


def attack_facts(results: Results, cell: KnockoffCell) -> dict[str, Any]:
    """Label and provenance of a cell's attack, tuned or not."""
    facts: dict[str, Any] = results.workspace.plan.facts["knockoffs"][cell.attack]
    return facts | {"label": f"{facts['label']} tuned", "in_paper": False} if cell.tuned else facts


def _row(
    results: Results,
    cell: KnockoffCell,
    runs: list[ModelRun],
    chosen: dict[str, float],
    baseline: Baseline,
) -> Row:
    ours = [split_accuracy(results, run, "test") for run in runs]
    theirs = [baseline[cell.student][run.seed] for run in runs]
    image = 1 / len(results.labels["test"])
    defense, method = results.workspace.plan.facts["defenses"][runs[0].defense], attack_facts(results, cell)
    return {
        "defense": runs[0].defense,
        "defense_label": defense["label"],
        "grade": defense["grade"],
        "teacher": cell.teacher,
        "attack": cell.name,
        "attack_label": method["label"],
        "attack_grade": method["grade"],
        "in_paper": method["in_paper"],
        "student": cell.student,
        "seeds": len(runs),
        "test_n": len(results.labels["test"]),
        **_estimate("knockoff", "knockoff_accuracy", seed_interval(ours, within=(0, 1), resolution=image)),
        "ls_smoothing": chosen[cell.student],
        **_estimate("ls", "ls_accuracy", seed_interval(theirs, within=(0, 1), resolution=image)),
        **_estimate("delta", "delta", seed_difference(ours, theirs, within=(-1, 1), resolution=image)),
        "queries": results.queries(runs[0]),
        "responses": runs[0].member.spec["attack"]["responses"],
    }


def _estimate(prefix: str, name: str, estimate: Estimate) -> Row:
    return {name: estimate.value, f"{prefix}_low": estimate.low, f"{prefix}_high": estimate.high}


TABLE = Table(
    "knockoff",
    (
        *shared("defense", "defense_label", "grade", "teacher"),
        Column("attack", "text", "key of the knockoff attack; with _tuned, its setting chosen on validation images"),
        Column("attack_label", "text", "what pages call the attack"),
        Column("attack_grade", "text", "provenance of the attack"),
        Column("in_paper", "flag", "whether the attack is one of the paper's"),
        Column("student", "text", "key of the student's architecture"),
        *shared("seeds"),
        Column("test_n", "images", "test images that each accuracy is a share of"),
        Column("knockoff_accuracy", "share", "mean test accuracy of the knockoffs"),
        *interval("knockoff_low", "knockoff_high", "share", of="this mean over seeds", optional=True),
        Column("ls_smoothing", "share", "label smoothing of the LS students, chosen on validation images"),
        Column("ls_accuracy", "share", "mean test accuracy of the LS students of the same seeds"),
        *interval("ls_low", "ls_high", "share", of="this mean over seeds", optional=True),
        Column("delta", "signed share", "mean of knockoff minus LS student, paired over seeds"),
        *interval("delta_low", "delta_high", "signed share", of="this mean over seeds", optional=True),
        Column("queries", "count", "images that a knockoff asks its teacher about, views counted each"),
        Column("responses", "text", "cached, asked once for every image; or live, asked anew in every epoch"),
        Column("missing", "count", "networks that the row was to rest on and that are not there"),
    ),
    (),
    rows,
)
