"""The figure of the curve over labels: students and knockoffs against labels, and against answers bought."""

from itertools import product
from math import log10, nan
from typing import TYPE_CHECKING, Any

from distillab.reporting.drawing import canvas
from distillab.reporting.palette import INK, MUTED, PAPER, look, ordered
from distillab.reporting.panels import finish, legend_height
from distillab.reporting.tables import records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALONE, PSEUDO, KNOCKOFF = "LS students", "pseudo-labeled students", "knockoffs"
"""What a row of `label_curves` is about."""

PROBABILITIES = "probabilities"
"""The answers that are drawn as a full marker."""

_PANELS = (
    ("labels", "accuracy", "labels"),
    ("labels", "agreement", "labels"),
    ("queries", "accuracy", "answers bought"),
)
"""Columns of both axes, and the name of the first."""

_CLUSTER, _STEP = 0.16, 0.02
"""Decades over which the markers at one place are spread at most, and between neighbors at most."""

_APART = 0.22
"""Decades between two tick labels, at least."""


def label_curves(frame: "pd.DataFrame", teacher: tuple[str, float] | None, margin: float) -> "Figure":
    """Accuracy and agreement against the number of labels, and against answers bought where these alone differ.

    Args:
        frame: Columns what, defense, row (label), labels, queries, images, answers, and accuracy and agreement, each
            with ``_low`` and ``_high``; shares.
        teacher: Name and accuracy of the teacher without protection, drawn as a line; None where it is not known.
        margin: Gain that is too small to matter, as a share.
    """
    knockoffs = frame[frame["what"] == KNOCKOFF]
    bought = knockoffs[knockoffs.groupby(["row", "labels", "answers"])["queries"].transform("nunique") > 1]
    panels = _PANELS[: 2 + (len(bought) > 0)]
    names = [ALONE, f"{ALONE} plus margin", PSEUDO, *map(_named, knockoffs["row"].unique()), *(teacher or ())[:1]]
    figure, axes = canvas(1, len(panels), height=3.1, left=0.6, top=legend_height(names), share_x=False, share_y=False)
    _alone(axes[0], frame[frame["what"] == ALONE], margin)
    for ax, (x, y, xlabel) in zip(axes, panels, strict=True):
        if x == "labels" and y == "accuracy":
            _bars(ax, frame[frame["what"] == PSEUDO], x, y, color=MUTED, marker="s", label=PSEUDO)
        rows = knockoffs if x == "labels" else bought
        _knockoffs(ax, rows, x, y)
        _ticks(ax, (frame if ax is axes[0] else rows)[x])
        ax.set_title(f"{y}, %")
        ax.set_xlabel(f"{xlabel} (log scale)")
        if teacher and y == "accuracy":
            ax.axhline(100 * teacher[1], color=INK, linewidth=1.1, linestyle=(0, (6, 3)), zorder=1, label=teacher[0])
    finish(figure, axes, len(axes), legend=True)
    return figure


def _alone(ax: "Axes", students: "pd.DataFrame", margin: float) -> None:
    """What labels alone are worth: a line with its band, and as a dotted line what is a margin above."""
    line = students.sort_values("labels")
    x, y = line["labels"], 100 * line["accuracy"]
    ax.fill_between(x, 100 * line["accuracy_low"], 100 * line["accuracy_high"], color=MUTED, alpha=0.18, linewidth=0)
    ax.plot(x, y, color=MUTED, marker="o", markersize=4.5, label=ALONE)
    ax.plot(x, y + 100 * margin, color=MUTED, linewidth=1, linestyle=(0, (1, 1.6)), label=f"{ALONE} plus margin")


def _knockoffs(ax: "Axes", knockoffs: "pd.DataFrame", x: str, y: str) -> None:
    """Per teacher and thief a marker with bars, side by side; a line where thieves differ along the axis alone."""
    defenses = ordered(list(knockoffs["defense"]))
    variants = list(product(defenses, dict.fromkeys(knockoffs["answers"])))
    step = min(_STEP, _CLUSTER / max(1, len(variants)))
    others = ["images"] if x == "labels" else ["labels"]
    named: set[str] = set()
    full_first = knockoffs.sort_values("answers", key=lambda answers: answers != PROBABILITIES, kind="stable")
    for key, line in full_first.groupby(["row", "defense", "answers", *others], sort=False):
        row, defense, answers = str(key[0]), str(key[1]), str(key[2])
        place = variants.index((defense, answers)) - (len(variants) - 1) / 2
        method = look(defense)
        moved = line.assign(**{x: line[x] * 10 ** (step * place)}).sort_values(x)
        if len(moved) > 1:
            ax.plot(moved[x], 100 * moved[y], color=method.color, linewidth=1, alpha=0.6, zorder=2, clip_on=False)
        face, edge = (method.color, PAPER) if answers == PROBABILITIES else (PAPER, method.color)
        label = "_" if row in named else _named(row)
        named.add(row)
        _bars(ax, moved, x, y, color=method.color, marker=method.marker, label=label,
              markersize=6.5 * method.size, markerfacecolor=face, markeredgecolor=edge)  # fmt: skip


def _bars(ax: "Axes", rows: "pd.DataFrame", x: str, y: str, *, color: str, **marker: Any) -> None:  # noqa: ANN401 - matplotlib's
    """Markers with their intervals."""
    bars = [end for row in records(rows) for end in (getattr(row, f"{y}_low"), getattr(row, f"{y}_high"), nan)]
    places = [place for place in rows[x] for _ in range(3)]
    ax.plot(places, [100 * end for end in bars], color=color, linewidth=1.1, alpha=0.6, clip_on=False)
    drawn: dict[str, Any] = {"markersize": 5.5, "markeredgecolor": PAPER, "markeredgewidth": 0.8} | marker
    ax.plot(rows[x], 100 * rows[y], linestyle="", color=color, zorder=3, clip_on=False, **drawn)


def _ticks(ax: "Axes", values: "pd.Series[int]") -> None:
    """A logarithmic axis with the values that occur as ticks, as far as their labels have room."""
    ax.set_xscale("log")
    shown: list[float] = []
    for value in sorted({float(each) for each in values if each > 0}, reverse=True):
        if not shown or log10(shown[-1] / value) >= _APART:
            shown.append(value)
    ax.set_xticks(shown, [f"{value:,.0f}" for value in shown])
    ax.minorticks_off()
    ax.margins(x=0.12)


def _named(row: str) -> str:
    return f"knockoffs of {row}"
