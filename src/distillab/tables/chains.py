"""Steps of distillation chains against one another: paired over images, then over seeds."""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from distillab.core.job import Member
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results

Row = dict[str, Any]

VIEWS: dict[str, frozenset[str]] = {"raw": frozenset({"raw"}), "worst": frozenset({"raw", "rescaled"})}
"""Which logits the attacks saw: Z alone, as the papers, or the smaller distance of Z and Z/T."""


@dataclass(frozen=True)
class Distances:
    """The smallest distances found on one model, a failure at the farthest point of the pixel box."""

    run: ModelRun
    by_image: "pd.Series[float]"
    """Indexed by image id; initially correct images only."""


def smallest_distances(results: Results, norm: str, view: str) -> list[Distances]:
    """Per chain model and image, the smallest distance over all minimum-norm attacks in ``norm`` and in the view.

    A model of which one of these attacks is not there has none: of fewer attacks it would look more robust than others.
    """
    return [
        Distances(run, _smallest([results.attacked(member) for member in members]))
        for run, members in attacked_models(results, norm, view)
        if results.made(*(member.id for member in members))
    ]


def attacked_models(results: Results, norm: str, view: str) -> list[tuple[ModelRun, list[Member]]]:
    """The chain models that the plan asks about in ``norm`` and in the view, each with its attacks, there or not.

    Chains that start from a defended teacher are no part of what the paper is about.
    """
    found: dict[str, list[Member]] = {}
    for member in results.planned_members("attack"):
        if _counts(results, member.axes, norm, view):
            found.setdefault(member.parents["model"], []).append(member)
    runs = [(results.run_of(model), members) for model, members in found.items()]
    return [(run, members) for run, members in runs if run.role == "chain" and not run.teacher]


def _counts(results: Results, axes: dict[str, str], norm: str, view: str) -> bool:
    method = results.workspace.plan.facts["attacks"][axes["attack"]]
    least = method["kind"] == "minimum_norm" and not method["targeted"]
    return least and method["norm"] == norm and axes["logits"] in VIEWS[view]


def _smallest(frames: list[pd.DataFrame]) -> "pd.Series[float]":
    """Over the attacks that were run on the most images, those that all of them were run on."""
    most = max(map(len, frames))
    columns = [_penalized(frame) for frame in frames if len(frame) == most]
    common = reduce(lambda left, right: left.intersection(right), (column.index for column in columns))
    return reduce(np.minimum, (column.loc[common] for column in columns))


def _penalized(frame: pd.DataFrame) -> "pd.Series[float]":
    correct = frame[frame["correct"]].set_index("id")
    return correct["distance"].where(np.isfinite(correct["distance"]), correct["farthest"]).astype(np.float64)
