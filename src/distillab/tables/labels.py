"""What labels alone are worth: the accuracy of students without answers, by how many labels they have."""

from typing import Any

from distillab.metrics.intervals import seed_interval
from distillab.tables.cells import CONTROLS, control_accuracy
from distillab.tables.columns import interval, shared
from distillab.tables.margins import one_image
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.thefts import label_count, thieves_of

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``labels``: one row per student network, control and thief, from the fewest labels up."""
    found = [
        _row(results, thief, role, student, runs)
        for thief in thieves_of(results)
        for role in CONTROLS
        for student, runs in control_accuracy(results, thief, role).items()
    ]
    return sorted(found, key=lambda row: (row["student"], row["role"], row["labels"]))


def _row(results: Results, thief: str, role: str, student: str, runs: dict[int, float]) -> Row:
    found = seed_interval(list(runs.values()), within=(0, 1), resolution=one_image(results))
    return {
        "thief": thief,
        "role": role,
        "student": student,
        "labels": label_count(results, thief),
        "accuracy": found.value,
        "low": found.low,
        "high": found.high,
        "seeds": len(runs),
        "test_n": len(results.labels["test"]),
    }


TABLE = Table(
    "labels",
    (
        *shared("thief", "role"),
        Column("student", "text", "key of the student's architecture"),
        Column("labels", "images", "labels that it has: of all, those of validation images too, on which it chooses"),
        Column("accuracy", "share", "mean test accuracy"),
        *interval("low", "high", "share", of="this mean over seeds", optional=True),
        *shared("seeds"),
        Column("test_n", "images", "test images that each accuracy is a share of"),
    ),
    (),
    rows,
)
