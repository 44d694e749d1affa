"""Curves over powers and over epochs: CMI, and the training history."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from distillab.tables.results import Results

Row = dict[str, Any]

OVERALL = -1
"""The ``label`` of a curve averaged over classes."""


def cmi_rows(results: Results) -> Iterator[Row]:
    """The table ``cmi``: conditional mutual information of each teacher, per class and overall, in nats."""
    for run in results.runs:
        if run.role != "teacher":
            continue
        label = results.workspace.plan.facts["defenses"][run.defense]["label"]
        for split in ("train", "test"):
            curves = results.statistics(run.member.id, split)
            rows = np.vstack([curves.overall[None], curves.per_class])
            key = {"teacher": run.model, "defense": run.defense, "defense_label": label, "arch": run.arch}
            key |= {"seed": run.seed, "split": split}
            counts = [int(curves.counts.sum()), *curves.counts.tolist()]
            yield from (
                key | {"power": float(power), "label": position + OVERALL, "cmi": float(value), "n": counts[position]}
                for position, row in enumerate(rows)
                for power, value in zip(curves.powers, row, strict=True)
            )


def history_rows(results: Results) -> Iterator[Row]:
    """The table ``history``: every term of every epoch of every training."""
    return (
        {"model": run.model, "role": run.role, "seed": run.seed, "epoch": epoch + 1, "term": term, "value": value}
        for run in results.trained
        for epoch, record in enumerate(results.sidecar(run.member.id).results["history"])
        for term, value in record.items()
    )
