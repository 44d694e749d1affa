"""The worst case over attacks, image by image, and what casts doubt on the attacks themselves."""

from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from distillab.core.job import Member
from distillab.metrics.intervals import wilson
from distillab.tables.columns import MODEL, interval, shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]

STRAY = 1e-6
"""Rounding that a distance at the radius may carry."""


def rows(results: Results) -> list[Row]:
    """The table ``worst``: per model, norm and eps, the images that no untargeted attack in the norm changes.

    eps are the radii of the norm's fixed-radius attacks. Only images that every attack was run on count. An attack
    that is not there is counted as ``missing``: the worst case may be worse. Columns:
    ``robust_accuracy`` with its Wilson interval, ``best_single`` the lowest robust accuracy of one attack on the same
    images, ``boundary`` the share of all images that are correct but not robust, so that ``1 - robust_accuracy`` is
    natural error plus boundary, and ``transfer_wins``, whether an attack carried over from another network beats all
    direct ones, which direct attacks of full strength would not allow; false where a direct one is not there.
    """
    return [
        _row(results, model, norm, eps, members)
        for (model, norm), members in untargeted(results).items()
        for eps in _radii(_there(results, members))
    ]


def untargeted(results: Results) -> dict[tuple[str, str], list[Member]]:
    """Id of a model and norm to the untargeted attacks that were to be made on it, whichever logits they saw."""
    groups: dict[tuple[str, str], list[Member]] = {}
    for member in results.planned_members("attack"):
        method = results.workspace.plan.facts["attacks"][member.axes["attack"]]
        if not method["targeted"]:
            groups.setdefault((member.parents["model"], method["norm"]), []).append(member)
    return groups


def _there(results: Results, members: list[Member]) -> list[Member]:
    return [member for member in members if results.made(member.id)]


def _radii(members: list[Member]) -> list[float]:
    return sorted({float(eps) for member in members if (eps := member.spec["attack"].get("eps")) is not None})


def _row(results: Results, model: str, norm: str, eps: float, planned: list[Member]) -> Row:
    members = _there(results, planned)
    frames = {member.id: results.attacked(member).set_index("id") for member in members}
    common = reduce(lambda left, right: left.intersection(right), (frame.index for frame in frames.values()))
    standing = {key: _standing(frame.loc[common], eps) for key, frame in frames.items()}
    direct = [member.id for member in members if "source" not in member.parents]
    all_direct = all(results.made(member.id) for member in planned if "source" not in member.parents)
    carried = [key for key in standing if key not in direct]
    correct = next(iter(frames.values())).loc[common, "correct"].to_numpy()
    worst = np.logical_and.reduce(list(standing.values()))
    rate = wilson(int(worst.sum()), len(common))
    key = results.run_of(model).key()
    lowest_direct = min((standing[name].mean() for name in direct), default=1.0)
    lowest_carried = min((standing[name].mean() for name in carried), default=1.0)
    return {
        name: key[name] for name in ("model", "role", "defense", "arch", "chain", "temperature", "step", "seed")
    } | {
        "norm": norm,
        "eps": eps,
        "attacks": len(members),
        "missing": len(planned) - len(members),
        "n": len(common),
        "clean_accuracy": float(correct.mean()),
        "robust_accuracy": rate.value,
        "robust_low": rate.low,
        "robust_high": rate.high,
        "best_single": float(min(values.mean() for values in standing.values())),
        "boundary": float((correct & ~worst).mean()),
        "transfer_wins": bool(all_direct and lowest_carried < lowest_direct),
    }


def _standing(frame: pd.DataFrame, eps: float) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Images that are classified correctly and stay so within eps."""
    return np.asarray(frame["correct"] & ~(frame["distance"] <= eps * (1 + STRAY) + STRAY))


TABLE = Table(
    "worst",
    (
        *shared(*MODEL, "seed", "norm"),
        Column("eps", "distance", "radius"),
        Column("attacks", "count", "attacks that the worst case is over"),
        Column("missing", "count", "attacks that it was to be over and that are not there"),
        Column("n", "images", "images that every attack was run on"),
        Column("clean_accuracy", "share", "accuracy on them before the attacks"),
        Column("robust_accuracy", "share", "part of them that is right and that no attack changes within eps"),
        *interval("robust_low", "robust_high", "share", of="robust_accuracy"),
        Column("best_single", "share", "lowest robust accuracy of one attack"),
        Column("boundary", "share", "part of the images that is right and not robust"),
        Column("transfer_wins", "flag", "whether an attack from another network beats all direct ones"),
    ),
    ("attack",),
    rows,
)
