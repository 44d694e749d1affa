"""The knockoff matrix: each cell of each thief, and its gain over the students that had no answers."""

from math import isnan, nan
from typing import Any

from distillab.metrics.gains import Gain
from distillab.metrics.intervals import LEVEL, seed_interval
from distillab.tables.cells import attack_facts, missing
from distillab.tables.columns import interval, shared
from distillab.tables.looks import questions
from distillab.tables.margins import margin, one_image
from distillab.tables.model_run import ModelRun
from distillab.tables.models import agreement_of, chosen_smoothing, errors_copied_by, teacher_errors
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.thefts import Theft, thefts_of
from distillab.tables.tuning import KnockoffCell

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``knockoff``: one row per thief, teacher, student network and attack.

    ``delta`` is the gain over the mean of all LS students with the thief's labels, ``pseudo_delta`` that over the
    students of their pseudo-labels. ``missing`` counts the networks that the row was to rest on, controls included, and
    that are not there.
    """
    is_open = {(question.thief, cell) for question in questions(results) for cell in question.open_cells}
    return [row for theft in thefts_of(results) for row in _rows(results, theft, is_open)]


def _rows(results: Results, theft: Theft, is_open: set[tuple[str, KnockoffCell]]) -> list[Row]:
    if theft.gains() is None:
        return []
    smoothing = chosen_smoothing(results, theft.thief)[theft.student]
    return [
        _row(results, theft, cell, runs)
        | {
            "ls_smoothing": smoothing,
            "open": (theft.thief, cell) in is_open,
            "missing": missing(results, {cell: theft.planned[cell]}),
        }
        for cell, runs in theft.runs.items()
    ]


def _row(results: Results, theft: Theft, cell: KnockoffCell, runs: list[ModelRun]) -> Row:
    gains, controls = theft.gain(cell), theft.controls
    defense, method = results.workspace.plan.facts["defenses"][runs[0].defense], attack_facts(results, cell)
    return {
        "thief": theft.thief,
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
        **_mean(results, "knockoff_accuracy", [*theft.accuracies[cell].values()]),
        **_mean(results, "agreement", [agreement_of(results, run) for run in runs]),
        **_mean(results, "errors_copied", [errors_copied_by(results, run) for run in runs], _error_step(results, runs)),
        "control_seeds": len(controls["ls"]),
        **_mean(results, "ls_accuracy", [*controls["ls"].values()]),
        **_mean(results, "pseudo_accuracy", [*controls.get("pseudo", {}).values()]),
        **_gain("delta", gains.get("ls")),
        **_gain("pseudo_delta", gains.get("pseudo")),
        "recovered": _recovered(results, theft, cell),
        "queries": results.queries(runs[0]),
        "responses": runs[0].member.spec["attack"]["responses"],
    }


def _error_step(results: Results, runs: list[ModelRun]) -> float:
    """One error as a share of its teacher's, of the teacher that has fewest of those that have any."""
    counts = [teacher_errors(results, run) for run in runs]
    return 1 / min((int(wrong.sum()) for wrong in counts if wrong is not None and wrong.any()), default=1)


def _mean(results: Results, name: str, values: list[float], step: float | None = None) -> Row:
    """The mean over seeds with its interval; NaN without values, or where that of a seed is not known.

    The step in which values are counted is one test image, unless another is given.
    """
    shown: tuple[float, float | None, float | None] = nan, None, None
    if values and not any(map(isnan, values)):
        found = seed_interval(values, within=(0, 1), resolution=step or one_image(results))
        shown = found.value, found.low, found.high
    prefix = name.removesuffix("_accuracy")
    return dict(zip((name, f"{prefix}_low", f"{prefix}_high"), shown, strict=True))


def _gain(name: str, gain: Gain | None) -> Row:
    if gain is None:
        return {name: nan, f"{name}_low": None, f"{name}_high": None}
    tail = (1 - LEVEL) / 2
    return {name: gain.value, f"{name}_low": gain.lower(tail), f"{name}_high": gain.upper(tail)}


def _recovered(results: Results, theft: Theft, cell: KnockoffCell) -> float | None:
    """The gain as a part of what the teachers have over the LS students; None where that is within the margin."""
    teachers = [*theft.teachers[cell.teacher].values()]
    students = [*theft.controls["ls"].values()]
    headroom = sum(teachers) / len(teachers) - sum(students) / len(students) if teachers else nan
    gain = theft.gain(cell).get("ls")
    return gain.value / headroom if gain and headroom > margin(results) else None


TABLE = Table(
    "knockoff",
    (
        *shared("thief", "defense", "defense_label", "grade", "teacher"),
        Column("attack", "text", "key of the knockoff attack; with _tuned, its setting chosen on validation images"),
        Column("attack_label", "text", "what pages call the attack"),
        Column("attack_grade", "text", "provenance of the attack"),
        Column("in_paper", "flag", "whether the attack is one of the paper's"),
        Column("student", "text", "key of the student's architecture"),
        *shared("seeds"),
        Column("test_n", "images", "test images that each accuracy is a share of"),
        Column("knockoff_accuracy", "share", "mean test accuracy of the knockoffs"),
        *interval("knockoff_low", "knockoff_high", "share", of="this mean over seeds", optional=True),
        Column("agreement", "share", "mean share of test images on which a knockoff says what its teacher says", True),
        *interval("agreement_low", "agreement_high", "share", of="this mean over seeds", optional=True),
        Column(
            "errors_copied", "share", "mean share of the teacher's errors on test images that a knockoff repeats", True
        ),
        *interval("errors_copied_low", "errors_copied_high", "share", of="this mean over seeds", optional=True),
        Column("control_seeds", "seeds", "LS students with the thief's labels"),
        Column("ls_accuracy", "share", "mean test accuracy of the LS students, all of their seeds"),
        *interval("ls_low", "ls_high", "share", of="this mean over seeds", optional=True),
        Column("pseudo_accuracy", "share", "the same of students that learn their LS students' pseudo-labels", True),
        *interval("pseudo_low", "pseudo_high", "share", of="this mean over seeds", optional=True),
        Column("delta", "signed share", "gain over the LS students, adjusted for what those of its own seeds say"),
        *interval("delta_low", "delta_high", "signed share", of="this gain over seeds", optional=True),
        Column("pseudo_delta", "signed share", "gain over the students of pseudo-labels", optional=True),
        *interval("pseudo_delta_low", "pseudo_delta_high", "signed share", of="this gain over seeds", optional=True),
        Column("recovered", "part", "gain over the LS students, of what the teachers have over them", optional=True),
        Column("queries", "count", "images that a knockoff asks its teacher about, views counted each"),
        Column("responses", "text", "cached, asked once for every image; or live, asked anew in every epoch"),
        Column("ls_smoothing", "share", "label smoothing of the controls"),
        Column("open", "flag", "whether more seeds of the cell might decide whether its teacher can be distilled"),
        Column("missing", "count", "networks that the row was to rest on and that are not there"),
    ),
    (),
    rows,
)
