"""Figures of what robustness costs: natural against robust accuracy, and both against the size of the network."""

from math import inf, log10
from typing import TYPE_CHECKING

from distillab.reporting.drawing import canvas
from distillab.reporting.palette import MUTED, PAPER, look
from distillab.reporting.panels import finish, legend_height
from distillab.reporting.tables import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDEST = 3
"""Panels side by side."""
_SQUARE = 4
"""Panels that stand better two by two."""
_ROOM = 0.25
"""Share of the axis that the label of a size needs."""


def tradeoff(points: "pd.DataFrame") -> "Figure":
    """Worst-case robust accuracy against natural accuracy, a panel per network and threat model, a point per teacher.

    Args:
        points: Columns panel, defense, label, family (its points are joined in row order; empty: none), clean,
            clean_low, clean_high, robust, robust_low, robust_high, said (beside the point); percent, NaN bounds where
            no interval is claimed.
    """
    panels = list(dict.fromkeys(points["panel"]))
    figure, axes = _grid(panels, list(points["label"]), height=3.0)
    for ax, panel in zip(axes, panels, strict=False):
        rows = points[points["panel"] == panel]
        for _, line in rows[rows["family"] != ""].groupby("family"):
            ax.plot(line["clean"], line["robust"], color=look(line["defense"].iloc[0]).color, linewidth=1.2, zorder=1)
        for row in records(rows):
            _point(ax, row.defense, (row.clean, row.robust), row.label)
            ax.hlines(row.robust, row.clean_low, row.clean_high, color=look(row.defense).color, linewidth=1.2)
            ax.vlines(row.clean, row.robust_low, row.robust_high, color=look(row.defense).color, linewidth=1.2)
            ax.annotate(row.said, (row.clean, row.robust), xytext=(6, 5), textcoords="offset points", color=MUTED,
                        fontsize=9)  # fmt: skip
        ax.set_title(panel)
        ax.margins(0.12)
    axes[0].set_ylabel("worst-case robust accuracy, %")
    finish(figure, axes, len(panels), xlabel="natural accuracy, %", legend=True)
    return figure


def capacity(points: "pd.DataFrame") -> "Figure":
    """Accuracy against the number of parameters, one panel per kind of accuracy, one line per defense.

    Args:
        points: Columns panel, defense, label, parameters, value, low, high; percent.
    """
    panels = list(dict.fromkeys(points["panel"]))
    figure, axes = _grid(panels, list(points["label"]), height=2.6)
    for ax, panel in zip(axes, panels, strict=False):
        rows = points[points["panel"] == panel].sort_values("parameters", kind="stable")
        for (defense, label), line in rows.groupby(["defense", "label"], sort=False):
            method = look(str(defense))
            ax.plot(line["parameters"], line["value"], color=method.color, marker=method.marker, label=label,
                    linestyle=method.line, markersize=6.5 * method.size, markeredgecolor=PAPER)  # fmt: skip
            ax.vlines(line["parameters"], line["low"], line["high"], color=method.color, linewidth=1.2)
        _size_axis(ax, sorted(float(count) for count in points["parameters"].unique()))
        ax.set_title(panel)
    axes[0].set_ylabel("accuracy, %")
    finish(figure, axes, len(panels), xlabel="parameters of the network (log scale)", legend=True)
    return figure


def _grid(panels: list[str], labels: list[str], *, height: float) -> "tuple[Figure, list[Axes]]":
    columns = min(_WIDEST, len(panels)) if len(panels) != _SQUARE else 2
    lines = -(-len(panels) // columns)
    return canvas(lines, columns, height=height, left=0.75, top=legend_height(labels), share_y=False, share_x=False)


def _size_axis(ax: "Axes", counts: list[float]) -> None:
    """The networks' own sizes as ticks; no label where it would run into the one before it."""
    ax.set_xscale("log")
    ax.minorticks_off()
    labels, last = [], -inf
    for count in counts:
        clear = log10(count) - last >= _ROOM * log10(counts[-1] / counts[0])
        labels.append(f"{count:,.0f}" if clear else "")
        last = log10(count) if clear else last
    ax.set_xticks(counts, labels)


def _point(ax: "Axes", defense: str, at: tuple[float, float], label: str) -> None:
    method = look(defense)
    ax.plot(*([value] for value in at), marker=method.marker, linestyle="", color=method.color,
            markersize=8 * method.size, markeredgecolor=PAPER, label=label, zorder=3)  # fmt: skip
