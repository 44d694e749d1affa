"""What answers are worth in labels: how many of them a student without answers would need."""

from typing import Any

from distillab.metrics.label_curve import LabelWorth, Reading, equivalent_labels, labels_per_answer
from distillab.tables.cells import accuracies, control_accuracy
from distillab.tables.columns import shared
from distillab.tables.labels import labels_of
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.thefts import thefts_of, thieves_of

Row = dict[str, Any]

ENDS = {"value": "", "low": "_low", "high": "_high"}


def rows(results: Results) -> list[Row]:
    """The table ``worth``: one row per cell of the knockoff matrix, where LS students of several label sets are known.

    The curve is that of all LS students by their number of labels; where two thieves have as many, of the one with the
    most seeds.
    """
    curves: dict[str, dict[int, dict[int, float]]] = {}
    for thief in thieves_of(results):
        for student, seen in control_accuracy(results, thief).items():
            points, labels = curves.setdefault(student, {}), labels_of(results, thief)
            points[labels] = max(points.get(labels, {}), seen, key=len)
    found: list[Row] = []
    for theft in thefts_of(results):
        curve, labels = curves.get(theft.student, {}), labels_of(results, theft.thief)
        for cell, runs in theft.runs.items() if len(curve) > 1 else ():
            worth = equivalent_labels(curve, accuracies(results, runs), n_test=len(results.labels["test"]), seed=0)
            queries = results.queries(runs[0])
            found.append(
                {"thief": theft.thief, "defense": runs[0].defense, "teacher": cell.teacher, "student": cell.student}
                | {"attack": cell.name, "labels": labels, "queries": queries, "seeds": worth.seeds}
                | _columns("equivalent", worth)
                | _columns("per_answer", labels_per_answer(worth, labels=labels, queries=queries))
            )
    return found


def _columns(name: str, worth: LabelWorth) -> Row:
    found: Row = {}
    for field, suffix in ENDS.items():
        reading: Reading | None = getattr(worth, field)
        found |= {
            f"{name}{suffix}": reading.value if reading else None,
            f"{name}{suffix}_beyond": reading.beyond if reading else None,
        }
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
