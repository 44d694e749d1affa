"""Figures of what a teacher's answers give away: scatter against the power, single classes, answers on triangles."""

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.drawing import as_label, canvas
from distillab.reporting.palette import MUTED, PAPER, series
from distillab.reporting.panels import crowds, draw_lines, finish, legend_height, part_title

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray


def concentration(curves: "pd.DataFrame") -> "Figure":
    """Conditional mutual information against the power of the transform, panels of seven lines at most per split.

    Lines are means over seeds, bands their range.

    Args:
        curves: Columns defense, label, split, seed, power, cmi.
    """
    splits = [split for split in ("train", "test") if (curves["split"] == split).any()]
    parts = crowds(list(curves["defense"]))
    columns = min(3, len(parts)) if len(parts) > 1 else len(splits)
    lines = -(-len(splits) * len(parts) // columns)
    figure, axes = canvas(lines, columns, height=2.7 if lines == 1 else 1.9, left=0.6,
                          top=legend_height(list(curves["label"])))  # fmt: skip
    panels = [(split, place, keys) for split in splits for place, keys in enumerate(parts)]
    for ax, (split, place, keys) in zip(axes, panels, strict=False):
        draw_lines(ax, curves[(curves["split"] == split) & curves["defense"].isin(keys)], x="power", y="cmi")
        ax.set_title(part_title(f"{split} images", place, len(parts)))
    _power_axes(figure, axes, curves["power"], len(panels))
    return figure


def classes(curves: "pd.DataFrame") -> "Figure":
    """Conditional mutual information of single classes against the power, one panel per defense.

    Args:
        curves: Columns label (of the defense), name (of the class), power, cmi.
    """
    panels, names = list(dict.fromkeys(curves["label"])), list(dict.fromkeys(curves["name"]))
    figure, axes = canvas(1, len(panels), height=2.4, left=0.6, top=legend_height(names))
    for ax, panel in zip(axes, panels, strict=True):
        for index, name in enumerate(names):
            line = curves[(curves["label"] == panel) & (curves["name"] == name)]
            line = line.groupby("power")["cmi"].mean()
            drawn = series(index)
            ax.plot(line.index, line, color=drawn.color, linestyle=drawn.line, marker=drawn.marker, markersize=6,
                    markeredgecolor=PAPER, markevery=max(1, len(line) // 8), label=as_label(name))  # fmt: skip
        ax.set_title(panel)
    _power_axes(figure, axes, curves["power"], len(panels))
    return figure


def triangles(points: "pd.DataFrame") -> "Figure":
    """Answers on the triangle of three classes: a column per teacher, a line per power.

    Args:
        points: Columns label (of the teacher), power, class_index (0 to 2, of the true class), name, count, x, y; the
            area of a point grows with ``count``.
    """
    teachers, powers = list(dict.fromkeys(points["label"])), sorted(points["power"].unique())
    names = list(points.sort_values("class_index")["name"].unique())
    height = 7.2 / max(len(teachers), 3)
    figure, axes = canvas(len(powers), len(teachers), height=height, left=0.6, top=legend_height(names))
    for number, ax in enumerate(axes):
        power, teacher = powers[number // len(teachers)], teachers[number % len(teachers)]
        _triangle(ax, points[(points["power"] == power) & (points["label"] == teacher)])
        ax.set_title(teacher if number < len(teachers) else "")
        if number % len(teachers) == 0:
            ax.set_ylabel(f"power {power:g}")
    finish(figure, axes, len(axes), legend=True)
    return figure


def _triangle(ax: "Axes", points: "pd.DataFrame") -> None:
    ax.plot((0, 1, 0.5, 0), (0, 0, sqrt(0.75), 0), color=MUTED, linewidth=1)
    for index, name in sorted(set(zip(points["class_index"], points["name"], strict=True))):
        own, drawn = points[points["class_index"] == index], series(int(index) + 1)
        ax.scatter(own["x"], own["y"], s=14 * own["count"] ** 0.5, color=drawn.color, marker=drawn.marker,
                   linewidths=0, alpha=0.6, label=as_label(str(name)))  # fmt: skip
    ax.set(xlim=(-0.06, 1.06), ylim=(-0.07, 0.94), xticks=[], yticks=[], aspect="equal")
    for spine in ax.spines.values():
        spine.set_visible(False)


def _power_axes(figure: "Figure", axes: "list[Axes]", powers: "pd.Series[float]", used: int) -> None:
    """The power on a square-root scale, which spreads the powers below 1; CMI from 0."""
    from matplotlib.scale import FuncScale

    for ax in axes:
        ax.set_xscale(FuncScale(ax.xaxis, (_root, _square)))
        ax.set_xticks([tick for tick in (0, 0.25, 1, 2, 4, 8) if powers.min() <= tick <= powers.max()])
        ax.set_xticks([], minor=True)
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set(xlabel="", ylabel="")
    axes[0].set_ylim(bottom=0)
    axes[0].set_ylabel("CMI, nats")
    finish(figure, axes, used, xlabel="power (square-root scale)", legend=True)


def _root(values: "ArrayLike") -> "NDArray[np.float64]":
    return np.sqrt(np.abs(np.asarray(values, dtype=np.float64)))


def _square(values: "ArrayLike") -> "NDArray[np.float64]":
    return np.square(np.asarray(values, dtype=np.float64))
