"""The knockoff matrix: each cell paired over seeds, each teacher with its verdict."""

from typing import Any

from distillab.metrics.intervals import Estimate, seed_difference, seed_interval
from distillab.metrics.verdict import Verdict, distillability_verdict
from distillab.stages.tables.models import chosen_eps, split_accuracy
from distillab.stages.tables.results import ModelRun, Results

Row = dict[str, Any]
Cell = tuple[str, str, str]
"""Teacher, student network, attack."""


def rows(results: Results) -> list[Row]:
    """The table ``knockoff``: one row per teacher, student network and attack."""
    chosen, baseline = chosen_eps(results), ls_accuracy(results)
    return [_row(results, cell, runs, chosen, baseline) for cell, runs in cells(results).items()]


def verdict_rows(results: Results) -> list[Row]:
    """The table ``verdicts``: one row per teacher and student network, over all attacks."""
    baseline = ls_accuracy(results)
    by_teacher: dict[tuple[str, str], dict[str, list[ModelRun]]] = {}
    for (teacher, student, attack), runs in cells(results).items():
        by_teacher.setdefault((teacher, student), {})[attack] = runs
    return [
        _verdict_row(results, teacher, student, attacks, baseline) for (teacher, student), attacks in by_teacher.items()
    ]


def cells(results: Results) -> dict[Cell, list[ModelRun]]:
    """The knockoffs of each cell, in seed order."""
    found: dict[Cell, list[ModelRun]] = {}
    for run in results.runs:
        if run.role == "knockoff":
            found.setdefault((run.teacher, run.arch, run.attack), []).append(run)
    return found


def ls_accuracy(results: Results) -> dict[str, dict[int, float]]:
    """Network to seed to test accuracy of the LS student with the chosen epsilon."""
    chosen = chosen_eps(results)
    found: dict[str, dict[int, float]] = {}
    for run in results.runs:
        if run.role == "ls_student" and run.eps == chosen[run.arch]:
            found.setdefault(run.arch, {})[run.seed] = split_accuracy(results, run, "test")
    return found


def margin(results: Results) -> float:
    """The smallest difference of accuracies that can matter: one test image, or 0.1 point if that is larger."""
    return max(1 / len(results.labels["test"]), 0.001)


def _row(
    results: Results,
    cell: Cell,
    runs: list[ModelRun],
    chosen: dict[str, float],
    baseline: dict[str, dict[int, float]],
) -> Row:
    teacher, student, attack = cell
    facts = results.workspace.plan.facts
    ours = [split_accuracy(results, run, "test") for run in runs]
    theirs = [baseline[student][run.seed] for run in runs]
    defense, method = facts["defenses"][runs[0].defense], facts["knockoffs"][attack]
    return {
        "defense": runs[0].defense,
        "defense_label": defense["label"],
        "grade": defense["grade"],
        "teacher": teacher,
        "attack": attack,
        "attack_label": method["label"],
        "attack_grade": method["grade"],
        "student": student,
        "seeds": len(runs),
        "test_n": len(results.labels["test"]),
        **_estimate("knockoff", "knockoff_accuracy", seed_interval(ours, within=(0, 1))),
        "ls_eps": chosen[student],
        **_estimate("ls", "ls_accuracy", seed_interval(theirs, within=(0, 1))),
        **_estimate("delta", "delta", seed_difference(ours, theirs)),
        "queries": results.queries(runs[0]),
    }


def _estimate(prefix: str, name: str, estimate: Estimate) -> Row:
    return {name: estimate.value, f"{prefix}_low": estimate.low, f"{prefix}_high": estimate.high}


def _verdict_row(
    results: Results,
    teacher: str,
    student: str,
    attacks: dict[str, list[ModelRun]],
    baseline: dict[str, dict[int, float]],
) -> Row:
    scores = {name: {run.seed: split_accuracy(results, run, "test") for run in runs} for name, runs in attacks.items()}
    verdict = distillability_verdict(
        baseline[student], scores, n_test=len(results.labels["test"]), margin=margin(results)
    )
    defense = next(iter(attacks.values()))[0].defense
    return {
        "defense": defense,
        "defense_label": results.workspace.plan.facts["defenses"][defense]["label"],
        "teacher": teacher,
        "student": student,
        **_verdict(verdict),
    }


def _verdict(verdict: Verdict) -> Row:
    best = next(delta for delta in verdict.deltas if delta.attack == verdict.best_attack)
    return {
        "verdict": verdict.verdict,
        "literal": verdict.literal,
        "best_attack": verdict.best_attack,
        "best_delta": best.delta,
        "lower": verdict.lower,
        "upper": verdict.upper,
        "margin": verdict.margin,
        "seeds": verdict.n,
        "reason": verdict.reason,
    }
