"""The knockoff matrix: each cell paired over seeds, each teacher with its verdicts."""

from typing import Any

from distillab.metrics.intervals import Estimate, seed_difference, seed_interval
from distillab.metrics.verdict import Verdict, distillability_verdict
from distillab.stages.tables.models import chosen_eps, split_accuracy
from distillab.stages.tables.results import ModelRun, Results
from distillab.stages.tables.tuning import TUNED, with_tuned

Row = dict[str, Any]
Cell = tuple[str, str, str]
"""Teacher, student network, attack."""

EVERY_STUDENT = "every student"
"""In place of a student network: the verdict over all of them together."""


def rows(results: Results) -> list[Row]:
    """The table ``knockoff``: one row per teacher, student network and attack."""
    chosen, baseline = chosen_eps(results), ls_accuracy(results)
    return [_row(results, cell, runs, chosen, baseline) for cell, runs in cells(results).items()]


def verdict_rows(results: Results) -> list[Row]:
    """The table ``verdicts``: one row per teacher and student network, and one over all students if there are more.

    Columns without prefix are over all attacks, those with ``paper_`` over the attacks of the paper alone.
    """
    baseline = ls_accuracy(results)
    by_teacher: dict[str, dict[Cell, list[ModelRun]]] = {}
    for cell, runs in cells(results).items():
        by_teacher.setdefault(cell[0], {})[cell] = runs
    found = []
    for teacher, matrix in by_teacher.items():
        students = list(dict.fromkeys(student for _, student, _ in matrix))
        for student in [*students, EVERY_STUDENT] if len(students) > 1 else students:
            part = {cell: runs for cell, runs in matrix.items() if student in {cell[1], EVERY_STUDENT}}
            found.append(_verdict_row(results, teacher, student, part, baseline))
    return found


def cells(results: Results) -> dict[Cell, list[ModelRun]]:
    """The knockoffs of each cell, in seed order; where an attacker tuned, the chosen trials are a cell more."""
    found: dict[Cell, list[ModelRun]] = {}
    for run in results.runs:
        if run.role == "knockoff":
            found.setdefault((run.teacher, run.arch, run.attack), []).append(run)
    return with_tuned(results, found)


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


def attack_facts(results: Results, attack: str) -> dict[str, Any]:
    """Label and provenance of a knockoff attack, tuned or not."""
    facts: dict[str, Any] = results.workspace.plan.facts["knockoffs"][attack.removesuffix(TUNED)]
    return facts | {"label": f"{facts['label']} tuned", "in_paper": False} if attack.endswith(TUNED) else facts


def _row(
    results: Results,
    cell: Cell,
    runs: list[ModelRun],
    chosen: dict[str, float],
    baseline: dict[str, dict[int, float]],
) -> Row:
    teacher, student, attack = cell
    ours = [split_accuracy(results, run, "test") for run in runs]
    theirs = [baseline[student][run.seed] for run in runs]
    defense, method = results.workspace.plan.facts["defenses"][runs[0].defense], attack_facts(results, attack)
    return {
        "defense": runs[0].defense,
        "defense_label": defense["label"],
        "grade": defense["grade"],
        "teacher": teacher,
        "attack": attack,
        "attack_label": method["label"],
        "attack_grade": method["grade"],
        "in_paper": method["in_paper"],
        "student": student,
        "seeds": len(runs),
        "test_n": len(results.labels["test"]),
        **_estimate("knockoff", "knockoff_accuracy", seed_interval(ours, within=(0, 1))),
        "ls_eps": chosen[student],
        **_estimate("ls", "ls_accuracy", seed_interval(theirs, within=(0, 1))),
        **_estimate("delta", "delta", seed_difference(ours, theirs)),
        "queries": results.queries(runs[0]),
        "responses": runs[0].member.spec["attack"]["responses"],
    }


def _estimate(prefix: str, name: str, estimate: Estimate) -> Row:
    return {name: estimate.value, f"{prefix}_low": estimate.low, f"{prefix}_high": estimate.high}


def _verdict_row(
    results: Results,
    teacher: str,
    student: str,
    matrix: dict[Cell, list[ModelRun]],
    baseline: dict[str, dict[int, float]],
) -> Row:
    defense = next(iter(matrix.values()))[0].defense
    papers = {cell: runs for cell, runs in matrix.items() if attack_facts(results, cell[2])["in_paper"]}
    return {
        "defense": defense,
        "defense_label": results.workspace.plan.facts["defenses"][defense]["label"],
        "teacher": teacher,
        "student": student,
        **_verdict(_judged(results, matrix, baseline)),
        **{f"paper_{name}": value for name, value in _verdict(_judged(results, papers, baseline)).items()},
    }


def _judged(
    results: Results, matrix: dict[Cell, list[ModelRun]], baseline: dict[str, dict[int, float]]
) -> Verdict | None:
    """The verdict over these cells; None over none."""
    if not matrix:
        return None
    several = len({student for _, student, _ in matrix}) > 1
    ls = {(arch, seed): value for arch, seeds in baseline.items() for seed, value in seeds.items()}
    scores = {
        f"{attack} on {student}" if several else attack: {
            (student, run.seed): split_accuracy(results, run, "test") for run in runs
        }
        for (_, student, attack), runs in matrix.items()
    }
    return distillability_verdict(ls, scores, n_test=len(results.labels["test"]), margin=margin(results))


def _verdict(verdict: Verdict | None) -> Row:
    if verdict is None:
        return dict.fromkeys(VERDICT)
    best = next(delta for delta in verdict.deltas if delta.attack == verdict.best_attack)
    values = (verdict.verdict, verdict.literal, verdict.best_attack, best.delta, verdict.lower, verdict.upper)
    return dict(zip(VERDICT, (*values, verdict.margin, verdict.n, len(verdict.deltas), verdict.reason), strict=True))


VERDICT = (
    "verdict", "literal", "best_attack", "best_delta", "lower", "upper", "margin", "seeds", "attacks", "reason"
)  # fmt: skip
"""What a row says of one verdict."""
