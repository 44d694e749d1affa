"""Figures of distillation chains: any quantity against the temperature or the step, a line per series."""

from itertools import pairwise
from math import inf, log2
from typing import TYPE_CHECKING

from distillab.reporting.display import Html, paragraph
from distillab.reporting.drawing import canvas, show, style
from distillab.reporting.palette import INK, MUTED, PAPER, Look, series
from distillab.reporting.panels import in_a_row
from distillab.reporting.summaries import OVER_SEEDS, over_seeds, seeds_phrase
from distillab.reporting.tables import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


TEMPERATURES = "temperature of the training (log scale)"
STEPS = "step of the chain (0: teacher)"

_DODGE = 0.008
"""Distance between the bars of neighboring lines, as a share of the axis."""


def chain_line(
    frame: "pd.DataFrame",
    column: str,
    panel: str,
    name: str,
    order: int,
    *,
    counterpart: bool = False,
    x: str = "temperature",
    scale: float = 1.0,
) -> "pd.DataFrame":
    """Means over seeds as the rows of `chain_curves` that make one line, with the chain that they are about."""
    means = over_seeds(frame, ["chain", x], column)
    means = means.assign(**{name: scale * means[name].astype("float64") for name in ("value", "low", "high")})
    return means.assign(panel=panel, series=name, order=order, counterpart=counterpart, x=means[x])


def chain_figure(
    parts: "list[pd.DataFrame]",
    *,
    name: str,
    what: str,
    caption: str,
    seeds: int,
    baseline: "list[pd.DataFrame] | None" = None,
    xlabel: str = TEMPERATURES,
    widest: int = 4,
) -> Html:
    """Lines of `chain_line` as a figure of a page, with their intervals explained and their data behind a link.

    Args:
        parts: The lines; with several chains each has panels of its own.
        name: Unique on the page.
        what: The quantity, for the alt text.
        caption: HTML.
        seeds: How many there are at most.
        baseline: Lines whose mean is drawn across their panel.
        xlabel: `TEMPERATURES` or `STEPS`.
        widest: Panels in a row, at most.
    """
    drawn, flat = _panels(parts), _panels(baseline or [])
    if drawn["value"].isna().all():
        return paragraph(f"{what.rstrip(',')}: no finite result to draw.")
    note = f" {seeds_phrase(seeds)}. {_bars(drawn)}"
    with style():
        figure = chain_curves(drawn, xlabel=xlabel, doubling=xlabel == TEMPERATURES, widest=widest, baseline=flat)
        data = drawn[["panel", "series", "x", "value", "low", "high", "seeds"]]
        return show(figure, name=name, alt=f"{what} against the {xlabel}.", caption=caption + note, data=data)


def _panels(parts: "list[pd.DataFrame]") -> "pd.DataFrame":
    import pandas as pd

    if not parts:
        return pd.DataFrame(columns=["panel", "value"])
    drawn = pd.concat(parts, ignore_index=True)
    if drawn["chain"].nunique() > 1:
        drawn = drawn.assign(panel=drawn["chain"] + ": " + drawn["panel"])
    return drawn


def _bars(drawn: "pd.DataFrame") -> str:
    if drawn["low"].isna().all():
        return "No intervals below three seeds."
    few = " A point without a bar rests on fewer than three seeds." if drawn["low"].isna().any() else ""
    return f"Bars: {OVER_SEEDS}.{few}"


def chain_curves(
    frame: "pd.DataFrame",
    *,
    xlabel: str,
    doubling: bool,
    widest: int = 4,
    baseline: "pd.DataFrame | None" = None,
) -> "Figure":
    """Panels of lines with interval bars; full lines for what was measured on Z, broken ones for its counterpart.

    Args:
        frame: Columns panel, series, order (of the series), counterpart (bool), x, value, low, high; NaN bounds where
            no interval is claimed.
        xlabel: Of all panels.
        doubling: Whether x is drawn on a logarithmic scale with its own values as ticks.
        widest: Panels in a row, at most.
        baseline: Columns panel, value: a horizontal line per panel.
    """
    panels, ticks = list(dict.fromkeys(frame["panel"])), sorted(frame["x"].unique())
    names = list(frame["series"].unique())
    columns, beside = min(widest, len(panels)), in_a_row(names)
    rows, top = -(-len(panels) // columns), 0.43 + 0.19 * -(-len(names) // beside)
    figure, axes = canvas(rows, columns, height=2.2 if rows == 1 else 1.8, left=0.75, top=top, share_y=False)
    for ax, panel in zip(axes, panels, strict=False):
        for line in _dodged(frame[frame["panel"] == panel], ticks, doubling=doubling):
            _line(ax, line)
        if baseline is not None:
            for row in records(baseline[baseline["panel"] == panel]):
                ax.axhline(row.value, color=MUTED, linewidth=1.1, linestyle=(0, (2, 2)), zorder=1)
        ax.set_title(panel)
        _ticks(ax, ticks, doubling=doubling)
    _hide_unused(axes, len(panels), columns)
    _legend(figure, axes[: len(panels)], xlabel, beside)
    return figure


def _dodged(panel: "pd.DataFrame", ticks: list[float], *, doubling: bool) -> "list[pd.DataFrame]":
    """The lines of a panel, moved aside a little so that their bars can be told apart."""
    lines = [line for _, line in panel.groupby(["order", "counterpart"], sort=True)]
    places = [log2(tick) if doubling else tick for tick in ticks]
    span = places[-1] - places[0]
    gap = min((right - left for left, right in pairwise(places)), default=span)
    step = min(_DODGE * span, 0.7 * gap / len(lines))
    moves = [step * (index - (len(lines) - 1) / 2) for index in range(len(lines))]
    return [
        line.assign(x=line["x"] * 2**move if doubling else line["x"] + move)
        for line, move in zip(lines, moves, strict=True)
    ]


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


def _ticks(ax: "Axes", ticks: list[float], *, doubling: bool) -> None:
    if doubling:
        ax.set_xscale("log", base=2)
        ax.minorticks_off()
    ax.set_xticks(ticks, _tick_labels(ticks) if doubling else [f"{tick:g}" for tick in ticks])


def _tick_labels(ticks: list[float]) -> list[str]:
    """Labels of ticks on a logarithmic axis; empty where one would run into the label before it."""
    room, last, labels = 0.09 * log2(ticks[-1] / ticks[0]), -inf, []
    for tick in ticks:
        clear = log2(tick) - last >= room
        labels.append(f"{tick:g}" if clear else "")
        last = log2(tick) if clear else last
    return labels


def _hide_unused(axes: "list[Axes]", used: int, columns: int) -> None:
    """Panels above a hidden one show the ticks in its place."""
    for index, ax in enumerate(axes[used:], start=used):
        ax.set_visible(False)
        axes[index - columns].tick_params(labelbottom=True)


def _legend(figure: "Figure", axes: "list[Axes]", xlabel: str, beside: int) -> None:
    figure.supxlabel(xlabel, fontsize=10, y=0.08 / figure.get_figheight(), va="bottom", color=INK)
    named = {name: handle for ax in axes for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named.keys(), loc="upper left", ncols=min(beside, len(named)), handlelength=2.8,
                  borderaxespad=0, borderpad=0, columnspacing=1.5)  # fmt: skip
