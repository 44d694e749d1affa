"""What answers are worth in labels: how many of them a student without answers would need."""

from typing import Any

from distillab.metrics.label_curve import LabelWorth, equivalent_labels, labels_per_answer
from distillab.tables.cells import control_accuracy
from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.thefts import Theft, label_count, thefts_of, thieves_of
from distillab.tables.tuning import KnockoffCell

Row = dict[str, Any]

LabelCurve = dict[int, dict[int, float]]
"""Number of labels to seed to accuracy."""


def rows(results: Results) -> list[Row]:
    """The table ``worth``: one row per cell of the knockoff matrix, where LS students of several label sets are known.

    The curve is that of all LS students by their number of labels; where two thieves have as many, of the one with the
    most seeds.
    """
    curves = label_curves(results)
    thefts = [theft for theft in thefts_of(results) if len(curves.get(theft.student, {})) > 1]
    return [_row(theft, cell, curves[theft.student]) for theft in thefts for cell in theft.runs]


def label_curves(results: Results) -> dict[str, LabelCurve]:
    """Student network to the accuracies of its LS students, by seed, at each number of labels that is there."""
    curves: dict[str, LabelCurve] = {}
    for thief in thieves_of(results):
        labels = label_count(results, thief)
        for student, runs in control_accuracy(results, thief).items():
            curve = curves.setdefault(student, {})
            curve[labels] = max(curve.get(labels, {}), runs, key=len)
    return curves


def _row(theft: Theft, cell: KnockoffCell, curve: LabelCurve) -> Row:
    results, first = theft.results, theft.runs[cell][0]
    labels, queries = label_count(results, theft.thief), results.queries(first)
    worth = equivalent_labels(curve, theft.accuracies[cell], n_test=len(results.labels["test"]), seed=0)
    return (
        {"thief": theft.thief, "defense": first.defense, "teacher": cell.teacher, "student": cell.student}
        | {"attack": cell.name, "labels": labels, "queries": queries, "seeds": worth.seeds}
        | _columns("equivalent", worth)
        | _columns("per_answer", labels_per_answer(worth, labels=labels, queries=queries))
    )


def _columns(name: str, worth: LabelWorth) -> Row:
    found: Row = {}
    for suffix, reading in {"": worth.value, "_low": worth.low, "_high": worth.high}.items():
        found[f"{name}{suffix}"] = reading.value if reading else None
        found[f"{name}{suffix}_beyond"] = reading.beyond if reading else None
    return found


def _declared(name: str, unit: str, what: str) -> tuple[Column, ...]:
    ends = {"": what, "_low": f"lower end of the 95 % interval of {what}", "_high": f"upper end, likewise, of {what}"}
    return tuple(
        column
        for suffix, says in ends.items()
        for column in (
            Column(f"{name}{suffix}", unit, says, optional=True),
            Column(f"{name}{suffix}_beyond", "side", "-1: less than that, below the curve; 1: more, above it", True),
        )
    )


TABLE = Table(
    "worth",
    (
        *shared("thief", "defense", "teacher"),
        Column("student", "text", "key of the student's architecture"),
        Column("attack", "text", "key of the knockoff attack"),
        Column("labels", "images", "labels that the thief has"),
        Column("queries", "count", "answers that it buys"),
        *shared("seeds"),
        *_declared("equivalent", "labels", "the labels with which an LS student is as accurate as the knockoff"),
        *_declared("per_answer", "signed labels", "labels that an answer is worth beyond those that the thief has"),
    ),
    (),
    rows,
)
