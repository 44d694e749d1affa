"""What a teacher's answers give away: scatter around class means at every power, and the class means themselves."""

from typing import Any

import numpy as np

from distillab.metrics.centroids import similarity_correlation, similarity_information
from distillab.metrics.concentration import class_centroids, concentration
from distillab.stages.tables.results import ModelRun, Results

Row = dict[str, Any]

REFERENCE = "ce"
"""The defense whose class means the others are compared with: no protection."""


def rows(results: Results) -> list[Row]:
    """The table ``leaks``: one row per teacher, seed and split, in nats.

    ``peak`` is the largest conditional mutual information over the measured powers and ``peak_power`` where it is;
    ``similarity`` is how far the off-diagonal of the class means is from uniform, ``resemblance`` its rank correlation
    with that of the unprotected teacher of the same network and seed (NaN for that teacher itself).
    """
    teachers = [run for run in results.runs if run.role == "teacher"]
    plain = {(run.arch, run.seed): run for run in teachers if run.defense == REFERENCE}
    return [
        _row(results, run, plain.get((run.arch, run.seed)), split) for run in teachers for split in ("train", "test")
    ]


def _row(results: Results, run: ModelRun, plain: ModelRun | None, split: str) -> Row:
    labels, log_probs = results.labels[split], results.log_probs(run.member.id)[split]
    curves = concentration(log_probs, labels, results.workspace.plan.params["measure"]["powers"])
    means = class_centroids(log_probs, labels)
    resemblance = float("nan")
    if plain is not None and run.defense != REFERENCE:
        resemblance = similarity_correlation(means, class_centroids(results.log_probs(plain.member.id)[split], labels))
    return {
        "teacher": run.model,
        "defense": run.defense,
        "defense_label": results.workspace.plan.facts["defenses"][run.defense]["label"],
        "arch": run.arch,
        "seed": run.seed,
        "split": split,
        "peak": curves.peak.value,
        "peak_power": curves.peak.power,
        "peak_corrected": float(np.nanmax(curves.overall_corrected)),
        "similarity": similarity_information(means),
        "resemblance": resemblance,
        "n": len(labels),
    }
