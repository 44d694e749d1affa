"""Accuracy of every network on the test images of one class after the other."""

from typing import Any

from distillab.metrics.intervals import wilson
from distillab.tables.columns import interval, shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table


def rows(results: Results) -> list[dict[str, Any]]:
    """The table ``per_class``: one row per network that is there with its answers, and class of the data."""
    labels, found = results.labels["test"], []
    for run in results.runs:
        right = results.predicted(run.member.id, "test") == labels
        for label in sorted(set(labels.tolist())):
            own = right[labels == label]
            share = wilson(int(own.sum()), len(own))
            found.append(
                {name: run.key()[name] for name in ("model", "role", "defense", "seed")}
                | {"label": label, "n": len(own), "accuracy": share.value, "low": share.low, "high": share.high}
            )
    return found


TABLE = Table(
    "per_class",
    (
        *shared("model", "role", "defense", "seed"),
        Column("label", "index", "the class"),
        Column("n", "images", "test images of the class"),
        Column("accuracy", "share", "part of them that is classified correctly"),
        *interval("low", "high", "share", of="this share"),
    ),
    (),
    rows,
)
