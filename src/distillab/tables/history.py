"""What trainings logged."""

from collections.abc import Iterator
from typing import Any

from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


def rows(results: Results) -> Iterator[Row]:
    """The table ``history``: every term of every epoch of every training."""
    return (
        {"model": run.model, "role": run.role, "seed": run.seed, "epoch": epoch + 1, "term": term, "value": value}
        for run in results.trained
        for epoch, record in enumerate(results.sidecar(run.member.id).results["history"])
        for term, value in record.items()
    )


TABLE = Table(
    "history",
    (
        *shared("model", "role", "seed"),
        Column("epoch", "count", "from 1"),
        Column("term", "text", "what was logged: total loss, and its terms"),
        Column("value", "mixed", "mean over the epoch", optional=True),
    ),
    (),
    rows,
)
