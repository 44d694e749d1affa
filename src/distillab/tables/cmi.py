"""How answers scatter around the mean of their class, at every power."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]

OVERALL = -1
"""The ``label`` of a curve averaged over classes."""


def rows(results: Results) -> Iterator[Row]:
    """The table ``cmi``: conditional mutual information of each teacher, per class and overall, in nats."""
    for run in results.runs:
        if run.role != "teacher":
            continue
        label = results.workspace.plan.facts["defenses"][run.defense]["label"]
        for split in results.measured(run.member.id):
            curves = results.statistics(run.member.id, split)
            by_class = np.vstack([curves.overall[None], curves.per_class])
            key = {"teacher": run.model, "defense": run.defense, "defense_label": label, "arch": run.arch}
            key |= {"seed": run.seed, "split": split}
            counts = [int(curves.counts.sum()), *curves.counts.tolist()]
            yield from (
                key | {"power": float(power), "label": position + OVERALL, "cmi": float(value), "n": counts[position]}
                for position, row in enumerate(by_class)
                for power, value in zip(curves.powers, row, strict=True)
            )


TABLE = Table(
    "cmi",
    (
        *shared("teacher", "defense", "defense_label", "arch", "seed", "split"),
        Column("power", "power", "of the answers"),
        Column("label", "index", "the class, or -1 for the mean over classes"),
        Column("cmi", "nats", "conditional mutual information; missing of a class without images", optional=True),
        Column("n", "images", "images of the class, or of all"),
    ),
    (),
    rows,
)
