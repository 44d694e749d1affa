"""Figures of certificates: what is proved and what is attacked against the radius, tightness, cost."""

from math import log10
from typing import TYPE_CHECKING, Any

from distillab.reporting.drawing import canvas
from distillab.reporting.palette import BAND, INK, MUTED, PAPER, series
from distillab.reporting.panels import finish, label_width, legend_height, note
from distillab.reporting.tables import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDEST = 3
"""Panels side by side."""
_FAR = 10.0
"""Margins below minus this many logits make the scale logarithmic beyond 1."""
_HALF = 50.0
"""Accuracy in percent from which on the scale need not start at 0."""
ATTACKED = "worst attack"


def radii(points: "pd.DataFrame", undecided: "pd.DataFrame") -> "Figure":
    """Accuracy against the radius, one panel per model: certified by each certifier, and left by the worst attack.

    Args:
        points: Columns panel, label (a certifier's, or `ATTACKED`), rank (of the certifier's look), eps, value;
            percent.
        undecided: Columns panel, eps, low, high: between the best certificate and the worst attack.
    """
    from matplotlib.ticker import MaxNLocator

    panels = list(dict.fromkeys(points["panel"]))
    columns = min(_WIDEST, len(panels))
    lines = -(-len(panels) // columns)
    top = legend_height(list(points["label"]))
    figure, axes = canvas(lines, columns, height=2.6, left=0.65, top=top, share_x=False)
    for ax, panel in zip(axes, panels, strict=False):
        between = undecided[undecided["panel"] == panel]
        ax.fill_between(between["eps"], between["low"], between["high"], color=BAND, linewidth=0, zorder=0)
        for label, line in points[points["panel"] == panel].groupby("label", sort=False):
            drawn = series(int(line["rank"].iloc[0]) + 1)
            color, marker = (INK, "x") if label == ATTACKED else (drawn.color, drawn.marker)
            worst: dict[str, Any] = {"linestyle": (0, (5, 2)), "markeredgecolor": INK} if label == ATTACKED else {}
            ax.plot(line["eps"], line["value"], color=color, marker=marker, label=label, markersize=6 * drawn.size,
                    **{"markeredgecolor": PAPER, **worst})  # fmt: skip
        ax.set_title(panel)
        ax.set(ylim=_heights(float(points["value"].min())), xlim=(0, None))
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5))
        ax.xaxis.set_major_formatter(lambda radius, _place: f"{radius:g}")
    for ax in axes[::columns]:
        ax.set_ylabel("accuracy, %")
    finish(figure, axes, len(panels), xlabel="radius, pixel scale 0–1", legend=True)
    return figure


def _heights(least: float) -> tuple[float, float]:
    """From 0, or, where nothing falls below half, from a little under the least: in percent."""
    if least < _HALF:
        return 0.0, 102.0
    room = (100 - least) / 8
    return least - room, 100 + room / 2


def tightness(bars: "pd.DataFrame") -> "Figure":
    """Where each certifier's bounds lie, one panel per model: median, middle half, middle nine tenths.

    Args:
        bars: Columns panel, label, rank, p5, p25, p50, p75, p95 (logits), best (share of images).
    """
    panels, rows = list(dict.fromkeys(bars["panel"])), list(dict.fromkeys(bars["label"]))
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = canvas(lines, columns, height=0.34 * len(rows) + 0.3, left=label_width(rows), top=0.35,
                          share_x=False)  # fmt: skip
    for ax, panel in zip(axes, panels, strict=False):
        part = bars[bars["panel"] == panel]
        _rows(ax, rows)
        ax.axvline(0, color=INK, linewidth=1.1, zorder=1)
        for row in records(part):
            y, drawn = rows.index(row.label), series(int(row.rank) + 1)
            ax.hlines(y, row.p5, row.p95, color=drawn.color, linewidth=1.2)
            ax.hlines(y, row.p25, row.p75, color=drawn.color, linewidth=4.5)
            ax.plot([row.p50], [y], drawn.marker, color=drawn.color, markersize=7.5 * drawn.size, markeredgecolor=PAPER)
            note(ax, f"{100 * row.best:.0f} %", (1, y), ("axes fraction", "data"), ha="right")
        if part["p5"].min() < -_FAR:
            ax.set_xscale("symlog", linthresh=1.0)
            ax.minorticks_off()
        low, high = ax.get_xlim()
        ax.set_xlim(low, _widened(ax, low, high))
        ax.set_title(panel)
    finish(figure, axes, len(panels), xlabel="lower bound of the margin, logits (certified above 0)")
    return figure


def cost(points: "pd.DataFrame") -> "Figure":
    """CPU time of an image against the width of the network, both logarithmic.

    Args:
        points: Columns label, width, milliseconds, slope (of the line's last half, as a power of the width).
    """
    labels = list(dict.fromkeys(points["label"]))
    figure, (ax,) = canvas(1, 1, height=2.9, left=0.75, top=legend_height(labels))
    for rank, label in enumerate(labels):
        line, drawn = points[points["label"] == label], series(rank + 1)
        ax.plot(line["width"], line["milliseconds"], color=drawn.color, marker=drawn.marker, label=label,
                markersize=6.5 * drawn.size, markeredgecolor=PAPER)  # fmt: skip
        last = records(line)[-1]
        ax.annotate(f"∝ width^{last.slope:.1f}", (last.width, last.milliseconds), xytext=(-8, 8), ha="right",
                    textcoords="offset points", color=MUTED, fontsize=9)  # fmt: skip
    widths = sorted(points["width"].unique())
    ax.set(xscale="log", yscale="log", ylabel="CPU ms per image")
    ax.minorticks_off()
    ax.set_xticks(widths, [f"{width:g}" for width in widths])
    ax.yaxis.set_major_formatter("{x:g}")
    finish(figure, [ax], 1, xlabel="units in each hidden layer", legend=True)
    return figure


def _rows(ax: "Axes", rows: list[str]) -> None:
    """Names as rows, the first on top."""
    ax.grid(visible=False, axis="y")
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.4, -0.7)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _widened(ax: "Axes", low: float, high: float) -> float:
    """A right end that leaves room for the shares."""
    if ax.get_xscale() == "linear":
        return high + 0.18 * (high - low)
    return 10 ** (log10(max(high, 1.0)) + 0.25 * (log10(max(-low, 1.0)) + 1))
