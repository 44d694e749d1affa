"""Figures of how teachers answer: the sorted answers, and what pulls them apart or together."""

from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.drawing import canvas
from distillab.reporting.palette import BAND, MUTED, series
from distillab.reporting.panels import draw_lines, finish, legend_height

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def profiles(frame: "pd.DataFrame") -> "Figure":
    """Mean log-probability against the rank of the class, one panel per network.

    Args:
        frame: Columns arch, defense, label, seed, rank, value.
    """
    networks = list(dict.fromkeys(frame["arch"]))
    figure, axes = canvas(1, len(networks), height=2.7, left=0.7, top=legend_height(list(frame["label"])))
    for ax, network in zip(axes, networks, strict=True):
        draw_lines(ax, frame[frame["arch"] == network], x="rank", y="value")
        ax.set_title(network if len(networks) > 1 else "")
        ax.set_xticks(_ticks(int(frame["rank"].max())))
    axes[0].set_ylabel("log-probability, centered")
    finish(figure, axes, len(axes), xlabel="rank of the class in the answer", legend=True)
    return figure


def divergences(frame: "pd.DataFrame") -> "Figure":
    """What p costs on segments of the simplex, one panel per segment, one line per loss.

    Args:
        frame: Columns segment, at (where r lies), loss, t in [0, 1], value; gaps where a value is infinite.
    """
    segments, losses = list(dict.fromkeys(frame["segment"])), list(dict.fromkeys(frame["loss"]))
    figure, axes = canvas(1, len(segments), height=2.6, left=0.75, top=legend_height(losses))
    for ax, segment in zip(axes, segments, strict=True):
        panel = frame[frame["segment"] == segment]
        ax.axhspan(-2, 0, color=BAND, zorder=0, linewidth=0)
        ax.axvline(panel["at"].iloc[0], color=MUTED, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        for index, loss in enumerate(losses):
            line, drawn = panel[panel["loss"] == loss], series(index)
            ax.plot(line["t"], line["value"], color=drawn.color, linestyle=drawn.line, label=loss)
        ax.set_title(segment)
        ax.set(xlim=(0, 1), ylim=(-0.35, 1.5), xticks=(0, 0.2, 0.4, 0.6, 0.8))
    axes[0].set_ylabel("value")
    finish(figure, axes, len(axes), xlabel="share of the way along the segment", legend=True)
    return figure


def exponential_divergence(p: "Array", r: "Array") -> "Array":
    """``sum_c exp(r_c) (r_c - p_c)`` over the last axis.

    Reference: Yilmaz & Keles 2024, released code.
    """
    found: Array = (np.exp(r) * (r - p)).sum(axis=-1)
    return found


def _ticks(classes: int) -> list[int]:
    """At most about ten ranks, the first and the last among them."""
    step = max(1, classes // 10)
    return [*range(1, classes, step), classes] if step == 1 else [1, *range(step, classes + 1, step)]
