"""Figures of distillation chains: any quantity against the temperature or the step, a line per series."""

from typing import TYPE_CHECKING

from distillab.reporting.drawing import canvas
from distillab.reporting.palette import INK, MUTED, PAPER, Look, series
from distillab.reporting.tables import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def chain_curves(
    frame: "pd.DataFrame",
    *,
    xlabel: str,
    doubling: bool,
    columns: int = 0,
    baseline: "pd.DataFrame | None" = None,
) -> "Figure":
    """Panels of lines with interval bars; full lines for what was measured on Z, broken ones for its counterpart.

    Args:
        frame: Columns panel, series, order (of the series), counterpart (bool), x, value, low, high; NaN bounds where
            no interval is claimed.
        xlabel: Of all panels.
        doubling: Whether x is drawn on a logarithmic scale with its own values as ticks.
        columns: Panels per row; all in one row if 0.
        baseline: Columns panel, value: a horizontal line per panel.
    """
    panels = list(dict.fromkeys(frame["panel"]))
    columns = columns or len(panels)
    rows = -(-len(panels) // columns)
    figure, axes = canvas(rows, columns, height=2.2, left=0.75, top=0.62, share_y=False)
    for ax, panel in zip(axes, panels, strict=False):
        part = frame[frame["panel"] == panel]
        for _, line in part.groupby(["order", "counterpart"], sort=True):
            _line(ax, line)
        if baseline is not None:
            for row in records(baseline[baseline["panel"] == panel]):
                ax.axhline(row.value, color=MUTED, linewidth=1.1, linestyle=(0, (2, 2)), zorder=1)
        ax.set_title(panel)
        if doubling:
            _doubling_axis(ax, sorted(frame["x"].unique()))
        else:
            ax.set_xticks(sorted(frame["x"].unique()))
    _legend(figure, axes[: len(panels)], xlabel)
    return figure


def _line(ax: "Axes", line: "pd.DataFrame") -> None:
    import seaborn as sns

    look, counterpart = series(int(line["order"].iloc[0])), bool(line["counterpart"].iloc[0])
    sns.lineplot(line, x="x", y="value", ax=ax, errorbar=None, color=look.color, legend=False, markersize=6,
                 marker=look.marker, linestyle=(0, (2, 1.5)) if counterpart else "-", markeredgecolor=PAPER,
                 markerfacecolor=PAPER if counterpart else look.color, label=str(line["series"].iloc[0]))  # fmt: skip
    _hollow(ax, look, counterpart=counterpart)
    bounded = line.dropna(subset=["low", "high"])
    ax.vlines(bounded["x"], bounded["low"], bounded["high"], color=look.color, linewidth=1.2, alpha=0.7)
    ax.set(xlabel="", ylabel="")


def _hollow(ax: "Axes", look: Look, *, counterpart: bool) -> None:
    """Markers of a counterpart are hollow."""
    if counterpart:
        ax.lines[-1].set_markeredgecolor(look.color)


def _doubling_axis(ax: "Axes", ticks: list[float]) -> None:
    ax.set_xscale("log", base=2)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()


def _legend(figure: "Figure", axes: "list[Axes]", xlabel: str) -> None:
    figure.supxlabel(xlabel, fontsize=10, y=0.08 / figure.get_figheight(), va="bottom", color=INK)
    named = {name: handle for ax in axes for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named.keys(), loc="upper left", ncols=min(8, len(named)), handlelength=2.8,
                  borderaxespad=0, borderpad=0, columnspacing=1.5)  # fmt: skip
