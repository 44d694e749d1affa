"""How answers fall off from the top class to the last."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillab.metrics.arrays import blocks
from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


def rows(results: Results) -> list[Row]:
    """The table ``profiles``: mean log-probability by rank of the class, per teacher and seed, at T = 1.

    Centered by image and cut at -30, where float32 answers end; test images.
    """
    return [
        {"teacher": run.model, "defense": run.defense, "seed": run.seed, "rank": rank + 1, "value": float(value)}
        for run in results.runs
        if run.role == "teacher"
        for rank, value in enumerate(_profile(results.log_probs(run.member.id, "test")))
    ]


def _profile(answers: NDArray[np.floating]) -> NDArray[np.float64]:
    total = np.zeros(answers.shape[1])
    for part in blocks(*answers.shape):
        log_probs = np.maximum(answers[part].astype(np.float64), -30.0)
        total += -np.sort(-(log_probs - log_probs.mean(axis=1, keepdims=True)), axis=1).sum(axis=0)
    return total / len(answers)


TABLE = Table(
    "profiles",
    (
        *shared("teacher", "defense", "seed"),
        Column("rank", "count", "of the class by its answer, from 1"),
        Column("value", "signed nats", "mean log-probability of the rank, centered by image"),
    ),
    (),
    rows,
)
