"""The robustness matrix from per-example attack tables: success, distances, robust accuracy, curves, pictures."""

from typing import Any

import numpy as np
import pandas as pd

from distillab.core.job import Member
from distillab.metrics.distances import robust_accuracy, summarize_distances
from distillab.tables import strength
from distillab.tables.columns import MODEL, interval, shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]


DISTANCES = ("median_distance", "mean_distance", "max_distance", "penalized_mean", "mean_l2")
"""Columns that sum up the distances of one model under one attack."""


def rows(results: Results) -> list[Row]:
    """The table ``robustness``: one row per model, attack and seed."""
    return results.rows_of("attack", _rows)


def _rows(results: Results) -> list[Row]:
    called = strength.labels(results)
    return [_row(results, member, called) for member in results.members("attack")]


def _row(results: Results, member: Member, called: strength.Called) -> Row:
    frame, run, spec = results.attacked(member), results.run_of(member.parents["model"]), member.spec["attack"]
    distance, correct = frame["distance"].to_numpy(), frame["correct"].to_numpy()
    eps = float(spec.get("eps") or np.nan)
    robust = robust_accuracy(distance, correct, eps=eps) if np.isfinite(eps) else None
    flags = results.sidecar(member.id).results
    key, method = run.key(), results.workspace.plan.facts["attacks"][member.axes["attack"]]
    return {name: key[name] for name in ("model", "role", "defense", "arch", "chain", "temperature", "step")} | {
        "attack": member.axes["attack"],
        "logits": member.axes["logits"],
        "attack_label": method["label"],
        "norm": member.spec["attack"]["norm"],
        "kind": method["kind"],
        "targeted": method["targeted"],
        "strength": called.get((run.model, member.axes["attack"], member.axes["logits"]), ""),
        "eps": eps,
        "mode": ", ".join([*_mode(spec), f"up to {method['passes']:,} passes an image"]),
        "seed": run.seed,
        "n": len(frame),
        "clean_accuracy": float(correct.mean()),
        "robust_accuracy": robust.value if robust else None,
        "robust_low": robust.low if robust else None,
        "robust_high": robust.high if robust else None,
        **_distances(frame),
        "forwards": float(frame["forwards"].mean()),
        "backwards": float(frame["backwards"].mean()),
        "zero_gradient": flags["zero_gradient"],
        "randomized_forward": flags["randomized_forward"],
    }


def _mode(spec: dict[str, Any]) -> list[str]:
    return [str(spec["mode"])] if "mode" in spec else []


def _distances(frame: pd.DataFrame) -> Row:
    """Success and distances over the initially correct examples; missing where there are none."""
    correct = frame["correct"].to_numpy()
    if not correct.any():
        absent = ("success_rate", "success_low", "success_high", *DISTANCES)
        return dict.fromkeys(absent) | {"success_n": 0, "failures": 0}
    summary = summarize_distances(frame["distance"].to_numpy(), correct, farthest=frame["farthest"].to_numpy())
    rate = summary.success_rate
    return {
        "success_rate": rate.value,
        "success_low": rate.low,
        "success_high": rate.high,
        "success_n": summary.correct,
        "median_distance": summary.median_of_correct,
        "mean_distance": summary.mean_of_successes,
        "max_distance": summary.max_of_successes,
        "penalized_mean": summary.penalized_mean_of_correct,
        "mean_l2": float(frame["l2"].mean()),
        "failures": summary.correct - summary.successes,
    }


TABLE = Table(
    "robustness",
    (
        *shared(*MODEL),
        Column("attack", "text", "key of the adversarial attack"),
        *shared("logits"),
        Column("attack_label", "text", "what pages call the attack"),
        *shared("norm"),
        Column("kind", "text", "minimum_norm, or fixed_radius"),
        *shared("targeted", "strength"),
        Column("eps", "distance", "radius of an attack that has one", optional=True),
        Column("mode", "text", "how thorough the attack is, and how many passes it may make"),
        *shared("seed"),
        Column("n", "images", "images that were attacked"),
        Column("clean_accuracy", "share", "accuracy on them before the attack"),
        Column("robust_accuracy", "share", "part of all images that is right and stays so within eps", optional=True),
        *interval("robust_low", "robust_high", "share", of="robust_accuracy", optional=True),
        Column("success_rate", "share", "part of the initially correct images that the attack changes", optional=True),
        *interval("success_low", "success_high", "share", of="success_rate", optional=True),
        Column("success_n", "images", "initially correct images"),
        Column("median_distance", "distance", "of the initially correct; a failure is infinite", optional=True),
        Column("mean_distance", "distance", "of the successes", optional=True),
        Column("max_distance", "distance", "of the successes", optional=True),
        Column("penalized_mean", "distance", "the same, a failure at the farthest point", optional=True),
        Column("mean_l2", "distance", "L2 distance of the successes, whatever the norm", optional=True),
        Column("failures", "images", "initially correct images that the attack does not change"),
        Column("forwards", "passes", "mean number of forward passes"),
        Column("backwards", "passes", "mean number of backward passes"),
        Column("zero_gradient", "share", "attacked images at which the loss's gradient is exactly zero", optional=True),
        Column("randomized_forward", "flag", "whether two forward passes differ"),
    ),
    ("attack",),
    rows,
)
