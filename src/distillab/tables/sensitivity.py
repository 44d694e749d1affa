"""Jacobian amplitudes, summed up over test images: how many look like zero, and whether they are."""

from typing import Any

import numpy as np

from distillab.metrics.intervals import wilson
from distillab.tables.columns import interval, shared
from distillab.tables.results import Results
from distillab.tables.table import Column, Table

Row = dict[str, Any]

SMALL = -10.0
"""log10 of the mean amplitude below which Mandal and Guo call a gradient zero (section V-B)."""


def rows(results: Results) -> list[Row]:
    """The table ``sensitivity``: one row per model and seed.

    ``small`` counts amplitudes below 1e-10 of softmax's Jacobian in exact log space, ``small_float32`` what float32
    arithmetic would count, where they underflow to zero.
    """
    found: list[Row] = []
    for member in results.members("sensitivity"):
        run, frame = results.run_of(member.parents["model"]), results.sensitivity(member)
        log10_all, n = frame["log10_all"].to_numpy(), len(frame)
        share = wilson(int((log10_all < SMALL).sum()), n)
        small_float32 = float((frame["float32_all"].to_numpy() < 10**SMALL).mean())
        low, median, high = _quantiles(log10_all)
        found.append(
            {name: run.key()[name] for name in ("model", "role", "arch", "chain", "temperature", "step", "seed")}
            | {"n": n, "small": share.value, "small_low": share.low, "small_high": share.high}
            | {"small_float32": small_float32, "log10_p5": low, "log10_median": median, "log10_p95": high}
            | {"log10_logits_median": float(np.median(frame["log10_logit"]))}
            | {"margin_median": float(np.median(frame["margin"]))}
        )
    return found


def _quantiles(values: np.ndarray) -> list[float]:
    """The 5, 50 and 95 % quantiles, interpolated but next to an infinite value: -inf where all of a network is dead."""
    with np.errstate(invalid="ignore"):
        between = np.quantile(values, [0.05, 0.5, 0.95])
    at_values = np.quantile(values, [0.05, 0.5, 0.95], method="inverted_cdf")
    return [float(value) for value in np.where(np.isnan(between), at_values, between)]


TABLE = Table(
    "sensitivity",
    (
        *shared("model", "role", "arch", "chain", "temperature", "step", "seed"),
        Column("n", "images", "test images"),
        Column("small", "share", "part of them whose mean Jacobian amplitude is below 1e-10, in exact log space"),
        *interval("small_low", "small_high", "share", of="this share"),
        Column("small_float32", "share", "the same as float32 arithmetic would count it"),
        Column("log10_p5", "log10", "5 % quantile of the amplitudes"),
        Column("log10_median", "log10", "their median"),
        Column("log10_p95", "log10", "95 % quantile"),
        Column("log10_logits_median", "log10", "median amplitude of the logits' Jacobian"),
        Column("margin_median", "logits", "median of the top logit minus the second"),
    ),
    ("sensitivity",),
    rows,
)
