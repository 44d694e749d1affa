"""What a teacher's answers give away: scatter around class means at every power, and the class means themselves."""

from typing import Any

import numpy as np

from distillab.metrics.centroids import similarity_correlation, similarity_information
from distillab.tables.columns import shared
from distillab.tables.model_run import ModelRun
from distillab.tables.plain import plain_beside
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``leaks``: one row per teacher, seed and split, in nats.

    ``peak`` is the largest conditional mutual information over the measured powers and ``peak_power`` where it is;
    ``similarity`` is how far the off-diagonal of the class means is from uniform, ``resemblance`` its rank correlation
    with that of the unprotected teacher of the same network and seed (NaN for that teacher itself).
    """
    teachers = [run for run in results.runs if run.role == "teacher"]
    plain = plain_beside(results, teachers)
    return [
        _row(results, run, plain.get(run.member.id), split)
        for run in teachers
        for split in results.measured(run.member.id)
    ]


def _row(results: Results, run: ModelRun, plain: ModelRun | None, split: str) -> Row:
    found = results.statistics(run.member.id, split)
    resemblance = float("nan")
    if plain is not None and plain is not run:
        resemblance = similarity_correlation(found.centroids, results.statistics(plain.member.id, split).centroids)
    return {
        "teacher": run.model,
        "defense": run.defense,
        "defense_label": results.workspace.plan.facts["defenses"][run.defense]["label"],
        "arch": run.arch,
        "seed": run.seed,
        "split": split,
        "peak": found.peak.value,
        "peak_power": found.peak.power,
        "peak_corrected": float(np.fmax.reduce(found.overall_corrected)),
        "similarity": similarity_information(found.centroids),
        "resemblance": resemblance,
        "n": int(found.counts.sum()),
    }


TABLE = Table(
    "leaks",
    (
        *shared("teacher", "defense", "defense_label", "arch", "seed", "split"),
        Column("peak", "nats", "largest conditional mutual information over the measured powers"),
        Column("peak_power", "power", "where it is"),
        Column(
            "peak_corrected",
            "signed nats",
            "the largest value that the jackknife leaves of it; empty where a class has one image",
            optional=True,
        ),
        Column("similarity", "nats", "how far the off-diagonal of the class means is from uniform"),
        Column("resemblance", "correlation", "of the class means with the unprotected teacher's", optional=True),
        Column("n", "images", "images of the split"),
    ),
    (),
    rows,
)
