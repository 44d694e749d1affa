"""The robustness matrix from per-example attack tables: success, distances, robust accuracy, curves, pictures."""

from typing import Any

import numpy as np
import pandas as pd

from distillab.core.job import Member
from distillab.metrics.distances import robust_accuracy, robust_accuracy_curve, summarize_distances
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results

Row = dict[str, Any]

CURVE_POINTS = 33
"""Points of an accuracy-against-eps curve, from 0 to the largest distance found on any model."""


DISTANCES = ("median_distance", "mean_distance", "max_distance", "penalized_mean", "mean_l2")
"""Columns that sum up the distances of one model under one attack."""


def rows(results: Results) -> list[Row]:
    """The table ``robustness``: one row per model, attack and seed."""
    return [_row(results, member) for member in results.members("attack")]


def curve_rows(results: Results) -> list[Row]:
    """The table ``curves``: robust accuracy against eps, on one grid per attack up to the farthest distance there."""
    limits = _limits(results)
    found: list[Row] = []
    for member in results.members("attack"):
        frame, run = results.attacked(member), _run(results, member)
        attack = member.axes["attack"]
        curve = robust_accuracy_curve(
            frame["distance"].to_numpy(), frame["correct"].to_numpy(), eps=np.linspace(0, limits[attack], CURVE_POINTS)
        )
        key = {
            "model": run.model,
            "attack": attack,
            "logits": member.axes["logits"],
            "norm": _norm(member),
            "seed": run.seed,
            "n": curve.n,
        }
        found += [
            key | {"eps": float(eps), "robust_accuracy": float(value)}
            for eps, value in zip(curve.eps, curve.accuracy, strict=True)
        ]
    return found


def example_rows(results: Results) -> list[Row]:
    """The table ``examples``: clean and adversarial images that were kept for pictures."""
    return [
        _example(results, member, record)
        for member in results.members("attack")
        for record in results.pictured(member).dropna(subset=["x_adv"]).to_dict("records")
    ]


def _example(results: Results, member: Member, record: dict[Any, Any]) -> Row:
    channels, height, width = results.workspace.plan.facts["data"]["shape"]
    run = _run(results, member)
    return {
        "model": run.model,
        "attack": member.axes["attack"],
        "logits": member.axes["logits"],
        "seed": run.seed,
        **{name: record[name] for name in ("id", "label", "label_clean", "label_adv", "distance")},
        "norm": _norm(member),
        "height": height,
        "width": width,
        "channels": channels,
        "clean": np.frombuffer(record["x"], dtype=np.float32).tolist(),
        "adversarial": np.frombuffer(record["x_adv"], dtype=np.float32).tolist(),
    }


def _row(results: Results, member: Member) -> Row:
    frame, run, spec = results.attacked(member), _run(results, member), member.spec["attack"]
    distance, correct = frame["distance"].to_numpy(), frame["correct"].to_numpy()
    eps = float(spec.get("eps") or np.nan)
    robust = robust_accuracy(distance, correct, eps=eps) if np.isfinite(eps) else None
    flags = results.sidecar(member.id).results
    key, method = run.key(), results.workspace.plan.facts["attacks"][member.axes["attack"]]
    return {name: key[name] for name in ("model", "role", "defense", "arch", "chain", "temperature", "step")} | {
        "attack": member.axes["attack"],
        "logits": member.axes["logits"],
        "attack_label": method["label"],
        "norm": _norm(member),
        "kind": method["kind"],
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


def _limits(results: Results) -> dict[str, float]:
    limits: dict[str, float] = {}
    for member in results.members("attack"):
        distance = results.attacked(member)["distance"].to_numpy()
        largest = float(distance[np.isfinite(distance)].max(initial=0.0))
        attack = member.axes["attack"]
        limits[attack] = max(limits.get(attack, 0.0), largest, float(member.spec["attack"].get("eps") or 0))
    return limits


def _norm(member: Member) -> str:
    return str(member.spec["attack"]["norm"])


def _run(results: Results, member: Member) -> ModelRun:
    return results.run_of(member.parents["model"])
