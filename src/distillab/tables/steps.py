"""Steps of distillation chains against one another: paired over images, then over seeds."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.core.seeds import derive
from distillab.metrics.intervals import image_difference, seed_interval
from distillab.tables.chains import VIEWS, Distances, attacked_models, smallest_distances
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd
from distillab.tables.columns import interval, shared

Row = dict[str, Any]

EVERY = -1.0
"""The ``temperature`` of a difference that is averaged over all temperatures."""


def rows(results: Results) -> list[Row]:
    """The table ``steps``: later step minus earlier step, per chain, norm, view and temperature, and over all."""
    return [row for norm in _norms(results) for view in VIEWS for row in _rows_of(results, norm, view)]


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


PairedDistances = dict[int, tuple["pd.Series[float]", "pd.Series[float]"]]
"""Seed to the distances of the later and the earlier step on the images that both classify correctly."""


def _pairs(earlier: dict[int, Distances], later: dict[int, Distances]) -> PairedDistances:
    found: PairedDistances = {}
    for seed in sorted(earlier.keys() & later.keys()):
        first, second = earlier[seed].by_image, later[seed].by_image
        common = first.index.intersection(second.index)
        if len(common):
            found[seed] = (second.loc[common], first.loc[common])
    return found


def _mean(pair: "tuple[pd.Series[float], pd.Series[float]]") -> float:
    return float((pair[0] - pair[1]).mean())


def _difference(by_seed: PairedDistances) -> Row:
    """Over seeds, and over the images of the first seed."""
    first = next(iter(by_seed.values()))
    images = image_difference(first[0].to_numpy(), first[1].to_numpy(), seed=derive(0, "steps"))
    return _over_seeds([_mean(pair) for pair in by_seed.values()]) | {
        "images_difference": images.value,
        "images_low": images.low,
        "images_high": images.high,
        "n": len(first[0]),
    }


def _over_seeds(means: list[float]) -> Row:
    estimate = seed_interval(means)
    return {"difference": estimate.value, "low": estimate.low, "high": estimate.high, "seeds": estimate.n}


TABLE = Table(
    "steps",
    (
        *shared("chain", "norm"),
        Column("view", "text", "which logits the attacks saw: raw, or worst of raw and rescaled"),
        Column("earlier", "index", "step that is compared"),
        Column("later", "index", "step that it is compared with"),
        Column("temperature", "temperature", "of both steps; -1 for the mean over all temperatures"),
        Column("difference", "signed distance", "mean smallest distance of the later step minus the earlier's"),
        *interval("low", "high", "signed distance", of="this mean over seeds", optional=True),
        *shared("seeds"),
        Column("images_difference", "signed distance", "the first seed's mean; missing of means over T", optional=True),
        *interval("images_low", "images_high", "signed distance", of="the first seed's mean", optional=True),
        Column("n", "images", "images of the first seed; missing of means over temperatures", optional=True),
    ),
    ("attack",),
    rows,
)
