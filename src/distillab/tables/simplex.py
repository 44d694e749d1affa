"""Answers of three classes on the triangle of those classes, at several powers."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillab.tables.columns import shared
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]

POWERS = (0.25, 1.0, 4.0)
"""The attacks' power, the answers as they are, and the power of the paper's figure 2."""

CORNERS = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, sqrt(0.75))])
SHOWN = 60
"""Test images per class and teacher."""


def rows(results: Results) -> list[Row]:
    """The table ``simplex``: points ``t_1 v_1 + t_2 v_2 + t_3 v_3`` of the first seed's teachers.

    ``t`` are the powered probabilities of the three shown classes, divided by their sum. The classes are the three that
    the unprotected teacher, or else the first one that is there, confuses most; data of two classes have no triangle
    and no rows.

    Reference: methods section 6, M5; figure 2 of the paper on undistillable teachers.
    """
    planned = [run for run in results.planned if run.role == "teacher"]
    first = [run for run in results.runs if run.role == "teacher" and _alike(run, planned[0])]
    if not first or len(results.labels["test"]) == 0:
        return []
    if len(results.sidecar("data-images").results["class_names"]) < len(CORNERS):
        return []
    classes = _confused(results, first[0])
    return [row for run in first for power in POWERS for row in _points(results, run, classes, power)]


def project(log_probs: NDArray[Any], classes: NDArray[Any], power: float) -> NDArray[np.float64]:
    """Points (n, 2) in the triangle with corners (0, 0), (1, 0), (1/2, sqrt(3)/2); the middle where all three are 0."""
    chosen = log_probs[:, classes].astype(np.float64)
    top = chosen.max(axis=1, keepdims=True)
    nothing = np.isneginf(top)
    shares = np.exp(power * (np.where(nothing, 0.0, chosen) - np.where(nothing, 0.0, top)))
    points: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True) @ CORNERS
    return points


def _alike(run: ModelRun, other: ModelRun) -> bool:
    return (run.seed, run.arch) == (other.seed, other.arch)


def _confused(results: Results, run: ModelRun) -> NDArray[Any]:
    """The class whose answers are spread most on test images, and the two that its answers name beside it."""
    means = results.statistics(run.member.id, "test").centroids
    return np.sort(np.argsort(-means[np.nanargmin(means.diagonal())], kind="stable")[:3])


def _points(results: Results, run: ModelRun, classes: NDArray[Any], power: float) -> list[Row]:
    log_probs, labels = results.log_probs(run.member.id, "test"), results.labels["test"]
    names = results.sidecar("data-images").results["class_names"]
    found: list[Row] = []
    for y in classes:
        points = project(log_probs[labels == y][:SHOWN], classes, power)
        key = {"defense": run.defense, "teacher": run.model, "seed": run.seed, "power": power}
        key |= {"label": int(y), "name": str(names[int(y)]), "corners": [str(names[int(c)]) for c in classes]}
        found += [key | {"x": float(x), "y": float(height)} for x, height in points]
    return found


TABLE = Table(
    "simplex",
    (
        *shared("defense", "teacher", "seed"),
        Column("power", "power", "of the answers"),
        Column("label", "index", "class of the image"),
        Column("name", "text", "what the data set calls it"),
        Column("corners", "text", "the classes at (0, 0), (1, 0) and the top", many=True),
        Column("x", "coordinate", "of the answer"),
        Column("y", "coordinate", "of the answer"),
    ),
    (),
    rows,
)
