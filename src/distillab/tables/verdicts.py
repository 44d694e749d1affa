"""Whether each teacher can be distilled: verdicts over the knockoff matrix."""

from typing import Any

from distillab.metrics.verdict import Verdict, distillability_verdict
from distillab.tables.columns import shared
from distillab.tables.knockoff import (
    attack_facts,
    ls_accuracy,
    margin,
    missing,
    paired,
    planned_cells,
    runs_by_cell,
)
from distillab.tables.models import split_accuracy
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.tuning import KnockoffCell

Row = dict[str, Any]

EVERY_STUDENT = "every student"
"""In place of a student network: the verdict over all of them together."""

VERDICT = (
    "verdict", "literal", "best_attack", "best_delta", "lower", "upper", "margin", "seeds", "attacks", "reason",
    "missing",
)  # fmt: skip
"""What a row says of one verdict."""


def rows(results: Results) -> list[Row]:
    """The table ``verdicts``: one row per teacher and student network, and one over all students if there are more.

    Columns without prefix are over all attacks, those with ``paper_`` over the attacks of the paper alone. Where
    networks are ``missing``, a proven leak stands, Holm's family is that of the plan, nothing is undistillable, and the
    literal rule says nothing (None) unless it says distillable.
    """
    judge = _Judge(results)
    found: list[Row] = []
    for teacher in dict.fromkeys(cell.teacher for cell in judge.planned):
        students = list(dict.fromkeys(cell.student for cell in judge.planned if cell.teacher == teacher))
        for student in [*students, EVERY_STUDENT] if len(students) > 1 else students:
            of_teacher = [cell for cell in judge.planned if cell.teacher == teacher]
            scope = [cell for cell in of_teacher if student in {cell.student, EVERY_STUDENT}]
            if any(cell in judge.paired for cell in scope):
                found.append(_verdict_row(judge, teacher, student, scope))
    return found


class _Judge:
    """What verdicts rest on: the cells of the plan, those that can be compared, and the LS students."""

    def __init__(self, results: Results) -> None:
        self.results, self.planned = results, planned_cells(results)
        self.baseline = ls_accuracy(results)
        self.paired = paired(runs_by_cell(results), self.baseline)

    def verdict(self, scope: list[KnockoffCell], *, several: bool) -> Row:
        """The columns of the verdict over these cells; None over none."""
        gone = missing(self.results, {cell: self.planned[cell] for cell in scope})
        scores = {
            f"{cell.name} on {cell.student}" if several else cell.name: {
                (cell.student, run.seed): split_accuracy(self.results, run, "test") for run in self.paired[cell]
            }
            for cell in scope
            if cell in self.paired
        }
        if not scores:
            return dict.fromkeys(VERDICT) | {"missing": gone}
        found = distillability_verdict(
            {(arch, seed): value for arch, seeds in self.baseline.items() for seed, value in seeds.items()},
            scores,
            n_test=len(self.results.labels["test"]),
            margin=margin(self.results),
            family=len(scope) if gone else 0,
        )
        return _columns(found, gone)


def _verdict_row(judge: _Judge, teacher: str, student: str, scope: list[KnockoffCell]) -> Row:
    facts = judge.results.workspace.plan.facts["defenses"]
    defense = judge.planned[scope[0]][0].defense
    papers = [cell for cell in scope if attack_facts(judge.results, cell)["in_paper"]]
    several = student == EVERY_STUDENT
    return {
        "defense": defense,
        "defense_label": facts[defense]["label"],
        "teacher": teacher,
        "student": student,
        **judge.verdict(scope, several=several),
        **{f"paper_{name}": value for name, value in judge.verdict(papers, several=several).items()},
    }


def _columns(found: Verdict, gone: int) -> Row:
    best = next(delta for delta in found.deltas if delta.attack == found.best_attack)
    verdict, reason = found.verdict, found.reason
    literal = found.literal or (None if gone else False)
    if gone and verdict == "undistillable":
        networks = "network is" if gone == 1 else "networks are"
        verdict, reason = "undecided", f"{gone} {networks} missing; of what is there, {reason}"
    values = (verdict, literal, found.best_attack, best.delta, found.lower, found.upper, found.margin)
    return dict(zip(VERDICT, (*values, found.n, len(found.deltas), reason, gone), strict=True))


def _verdict_columns(prefix: str, attacks: str, *, optional: bool) -> tuple[Column, ...]:
    """The columns of one verdict, in the order of `VERDICT`."""
    return (
        Column(f"{prefix}verdict", "text", f"distillable, undistillable or undecided, over {attacks}", optional),
        Column(f"{prefix}literal", "flag", "the paper's rule: the best mean lies above the LS students'", True),
        Column(f"{prefix}best_attack", "text", "the attack with the largest mean gain", optional),
        Column(f"{prefix}best_delta", "signed share", "its mean gain over the LS students", optional),
        Column(f"{prefix}lower", "signed share", "largest lower bound of a gain, at Holm's levels", True),
        Column(f"{prefix}upper", "signed share", "largest upper bound of a gain", True),
        Column(f"{prefix}margin", "share", "gain that is too small to matter", optional),
        Column(f"{prefix}seeds", "seeds", "runs of the attack that has the fewest", optional),
        Column(f"{prefix}attacks", "count", "attacks that the verdict is over", optional),
        Column(f"{prefix}reason", "text", "what decided, or why nothing did", optional),
        Column(f"{prefix}missing", "count", "networks that the verdict was to rest on and that are not there"),
    )


TABLE = Table(
    "verdicts",
    (
        *shared("defense", "defense_label", "teacher"),
        Column("student", "text", f"key of the student's architecture, or {EVERY_STUDENT!r}"),
        *_verdict_columns("", "all attacks", optional=False),
        *_verdict_columns("paper_", "the paper's attacks", optional=True),
    ),
    (),
    rows,
)
