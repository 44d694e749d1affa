"""Robust accuracy against the size of the perturbation."""

from typing import Any

import numpy as np

from distillab.metrics.distances import robust_accuracy_curve
from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]

POINTS = 33
"""Points of an accuracy-against-eps curve, from 0 to the largest distance found on any model."""


def rows(results: Results) -> list[Row]:
    """The table ``curves``: robust accuracy against eps, on one grid per attack up to the farthest distance there."""
    limits = _limits(results)
    found: list[Row] = []
    for member in results.members("attack"):
        frame, run = results.attacked(member), results.run_of(member.parents["model"])
        attack = member.axes["attack"]
        curve = robust_accuracy_curve(
            frame["distance"].to_numpy(), frame["correct"].to_numpy(), eps=np.linspace(0, limits[attack], POINTS)
        )
        key = {
            "model": run.model,
            "attack": attack,
            "logits": member.axes["logits"],
            "norm": member.spec["attack"]["norm"],
            "seed": run.seed,
            "n": curve.n,
        }
        found += [
            key | {"eps": float(eps), "robust_accuracy": float(value)}
            for eps, value in zip(curve.eps, curve.accuracy, strict=True)
        ]
    return found


def _limits(results: Results) -> dict[str, float]:
    limits: dict[str, float] = {}
    for member in results.members("attack"):
        distance = results.attacked(member)["distance"].to_numpy()
        largest = float(distance[np.isfinite(distance)].max(initial=0.0))
        attack = member.axes["attack"]
        limits[attack] = max(limits.get(attack, 0.0), largest, float(member.spec["attack"].get("eps") or 0))
    return limits


TABLE = Table(
    "curves",
    (
        *shared("model"),
        Column("attack", "text", "key of the adversarial attack"),
        *shared("logits", "norm", "seed"),
        Column("n", "images", "images that were attacked"),
        Column("eps", "distance", "size of the perturbation"),
        Column("robust_accuracy", "share", "part of all images that is right and stays so within eps"),
    ),
    ("attack",),
    rows,
)
