"""Steps of distillation chains against one another: paired over images, then over seeds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from distillab.core.job import Member
from distillab.core.seeds import derive
from distillab.metrics.intervals import image_difference, seed_interval
from distillab.tables.model_run import ModelRun
from distillab.tables.results import Results

Row = dict[str, Any]

VIEWS: dict[str, frozenset[str]] = {"raw": frozenset({"raw"}), "worst": frozenset({"raw", "rescaled"})}
"""Which logits the attacks saw: Z alone, as the papers, or the smaller distance of Z and Z/T."""

EVERY = -1.0
"""The ``temperature`` of a difference that is averaged over all temperatures."""


@dataclass(frozen=True)
class Distances:
    """The smallest distances found on one model, a failure at the farthest point of the pixel box."""

    run: ModelRun
    by_image: "pd.Series[float]"
    """Indexed by image id; initially correct images only."""


def step_rows(results: Results) -> list[Row]:
    """The table ``steps``: later step minus earlier step, per chain, norm, view and temperature, and over all."""
    return [row for norm in _norms(results) for view in VIEWS for row in _rows_of(results, norm, view)]


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


def _norms(results: Results) -> list[str]:
    methods = results.workspace.plan.facts["attacks"].values()
    return list(dict.fromkeys(m["norm"] for m in methods if m["kind"] == "minimum_norm" and not m["targeted"]))


def _rows_of(results: Results, norm: str, view: str) -> Iterator[Row]:
    groups: dict[tuple[str, float, int], dict[int, Distances]] = {}
    for found in smallest_distances(results, norm, view):
        run = found.run
        groups.setdefault((run.chain, run.temperature, run.step), {})[run.seed] = found
    planned = [(run.chain, run.temperature) for run, _ in attacked_models(results, norm, view)]
    for chain in dict.fromkeys(chain for chain, _ in planned):
        temperatures = list(dict.fromkeys(t for name, t in planned if name == chain))
        steps = sorted({key[2] for key in groups if key[0] == chain})
        for earlier, later in combinations(steps, 2):
            pairs = {
                t: _pairs(groups.get((chain, t, earlier), {}), groups.get((chain, t, later), {})) for t in temperatures
            }
            key = {"chain": chain, "norm": norm, "view": view, "earlier": earlier, "later": later}
            for temperature, by_seed in pairs.items():
                if by_seed:
                    yield key | {"temperature": temperature} | _difference(by_seed)
            common = set.intersection(*(set(by_seed) for by_seed in pairs.values()))
            if common and len(temperatures) > 1:
                means = {seed: [_mean(pairs[t][seed]) for t in temperatures] for seed in sorted(common)}
                yield key | {"temperature": EVERY} | _over_seeds([float(np.mean(row)) for row in means.values()])


Pairs = dict[int, tuple["pd.Series[float]", "pd.Series[float]"]]
"""Seed to the distances of the later and the earlier step on the images that both classify correctly."""


def _pairs(earlier: dict[int, Distances], later: dict[int, Distances]) -> Pairs:
    found: Pairs = {}
    for seed in sorted(earlier.keys() & later.keys()):
        first, second = earlier[seed].by_image, later[seed].by_image
        common = first.index.intersection(second.index)
        if len(common):
            found[seed] = (second.loc[common], first.loc[common])
    return found


def _mean(pair: "tuple[pd.Series[float], pd.Series[float]]") -> float:
    return float((pair[0] - pair[1]).mean())


def _difference(by_seed: Pairs) -> Row:
    """Over seeds, and over the images of the first seed."""
    first = next(iter(by_seed.values()))
    images = image_difference(first[0].to_numpy(), first[1].to_numpy(), seed=derive(0, "steps"))
    return _over_seeds([_mean(pair) for pair in by_seed.values()]) | {
        "images_low": images.low,
        "images_high": images.high,
        "n": len(first[0]),
    }


def _over_seeds(means: list[float]) -> Row:
    estimate = seed_interval(means)
    return {"difference": estimate.value, "low": estimate.low, "high": estimate.high, "seeds": estimate.n}
