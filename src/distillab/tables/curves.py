"""Robust accuracy against the size of the perturbation."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from distillab.core.job import Member
from distillab.metrics.distances import robust_accuracy_curve
from distillab.tables.columns import shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table
from distillab.tables.worst import untargeted

Row = dict[str, Any]

POINTS = 33
"""Points of an accuracy-against-eps curve, from 0 to the largest distance of its norm on any model."""

BETWEEN = ", "
"""What stands between the keys of attacks."""


@dataclass(frozen=True)
class _Closest:
    """The closest adversarial points of one model's images in one norm."""

    model: str
    norm: str
    attacks: list[Member]
    missing: int
    correct: "pd.Series[bool]"
    distance: "pd.Series[float]"
    """By image id, like ``correct``."""

    @property
    def farthest(self) -> float:
        """The largest of the distances; 0 where nothing was found."""
        return float(self.distance[np.isfinite(self.distance)].max()) if np.isfinite(self.distance).any() else 0.0


def rows(results: Results) -> list[Row]:
    """The table ``curves``: robust accuracy against eps, by the closest point that any attack found.

    One curve per model, seed and norm in which an attack looks for the closest point, over the images that all such
    attacks were run on. Of each image counts the closest adversarial point of all untargeted attacks in the norm,
    whatever they look for and whichever logits they saw: an upper bound of robust accuracy that no attack can loosen.
    The curves of a norm share one grid, up to the largest of these distances on any model.
    """
    found = list(_all_closest(results))
    limits = {norm: max(each.farthest for each in found if each.norm == norm) for norm in {it.norm for it in found}}
    return [row for each in found for row in _curve(results, each, limits[each.norm])]


def _all_closest(results: Results) -> Iterator[_Closest]:
    for (model, norm), planned in untargeted(results).items():
        attacks = [member for member in planned if results.made(member.id)]
        searches = [results.attacked(member) for member in attacks if _is_search(results, member)]
        if searches:
            images = reduce(pd.Index.intersection, (pd.Index(frame["id"]) for frame in searches))
            correct = searches[0].set_index("id")["correct"].loc[images]
            columns = [results.attacked(member).set_index("id")["distance"].reindex(images) for member in attacks]
            closest = pd.concat(columns, axis=1).min(axis=1).astype(np.float64)
            yield _Closest(model, norm, attacks, len(planned) - len(attacks), correct, closest)


def _is_search(results: Results, member: Member) -> bool:
    """Whether it looks for the closest point of this network: carried over from another one, it does not."""
    kind = results.workspace.plan.facts["attacks"][member.axes["attack"]]["kind"]
    return kind == "minimum_norm" and "source" not in member.parents


def _curve(results: Results, closest: _Closest, limit: float) -> Iterator[Row]:
    """Its points on the grid up to the limit."""
    run = results.run_of(closest.model)
    curve = robust_accuracy_curve(
        closest.distance.to_numpy(), closest.correct.to_numpy(), eps=np.linspace(0, limit, POINTS)
    )
    key = {
        "model": run.model,
        "norm": closest.norm,
        "seed": run.seed,
        "attack_keys": BETWEEN.join(dict.fromkeys(member.axes["attack"] for member in closest.attacks)),
        "missing": closest.missing,
        "n": curve.n,
    }
    for eps, value in zip(curve.eps, curve.accuracy, strict=True):
        yield key | {"eps": float(eps), "robust_accuracy": float(value)}


TABLE = Table(
    "curves",
    (
        *shared("model", "norm", "seed"),
        Column("attack_keys", "text", "of the attacks whose closest point counts, with commas"),
        Column("missing", "count", "attacks that were to be among them and are not there"),
        Column("n", "images", "images that every search for the closest point was run on"),
        Column("eps", "distance", "size of the perturbation"),
        Column("robust_accuracy", "share", "upper bound: part of them that no attack was seen to change within eps"),
    ),
    ("attack",),
    rows,
)
