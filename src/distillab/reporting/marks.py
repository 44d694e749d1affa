"""The marks of a panel: lines with bounds, points, rows of intervals, and the references that they are read against."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distillab.reporting.charts import Axis, Chart, Reference
from distillab.reporting.palette import BAND, INK, MUTED, OTHER, PAPER, look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

SERIES = "series"
"""How the ids of drawn lines begin."""

_APART = 3.0
"""Points between the bars of neighboring lines, so that none hides another."""
_WIDEST = 16.0
"""Points over which those of one place are spread at most."""
_MARKERS = 8
"""Markers of a line, about."""
_REFERENCE = "reference"


@dataclass(frozen=True)
class Named:
    """What is written beside a panel: of a line its end, of a point itself, of a reference its place."""

    text: str
    at: tuple[float, float]
    color: str


def draw(ax: "Axes", chart: Chart, part: "pd.DataFrame") -> list[Named]:
    """Draw the rows of a panel; returns what is to be named at its right side."""
    for shape in chart.shapes:
        face = BAND if shape.shaded else "none"
        ax.fill(*np.transpose(shape.corners), facecolor=face, edgecolor=MUTED, linewidth=0.9, zorder=0)
    named = [found for each in chart.references if (found := _reference(ax, each, part))]
    kinds = {"lines": _lines, "points": _points, "rows": _rows}
    return [*kinds[chart.kind](ax, chart, part), *named]


def _reference(ax: "Axes", reference: Reference, part: "pd.DataFrame") -> Named | None:
    """A line or a band across; the name of an upright line stands above the panel."""
    place, upright = reference.place(part), reference.along == "x"
    if place is None:
        return None
    if reference.until is not None:
        (ax.axvspan if upright else ax.axhspan)(place, reference.until, color=BAND, zorder=0, linewidth=0)
        return None
    dash = (0, (4, 2)) if reference.broken else "-"
    line = (ax.axvline if upright else ax.axhline)(place, color=INK, linewidth=1.1, linestyle=dash, zorder=1)
    line.set_gid(_REFERENCE)
    if upright and reference.label:
        ax.annotate(reference.label, (place, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), color=MUTED,
                    textcoords="offset points", ha="center")  # fmt: skip
    return Named(reference.label, (np.inf, place), MUTED) if reference.label and not upright else None


def _values(axis: Axis, part: "pd.DataFrame", column: str) -> np.ndarray:
    found: np.ndarray = axis.factor * part[column].to_numpy(dtype="float64")
    return found


def _bounds(axis: Axis, part: "pd.DataFrame") -> tuple[np.ndarray, np.ndarray]:
    return _values(axis, part, axis.low), _values(axis, part, axis.high)


def _lines(ax: "Axes", chart: Chart, part: "pd.DataFrame") -> list[Named]:
    there = part[part[chart.x.column].notna()]  # where there is no value, a line has a gap
    keys = [name for name in (chart.line, chart.hollow) if name]
    lines = [own for _, own in there.groupby(keys, sort=False)] if keys else [there]
    lines = [own for own in lines if own[chart.y.column].notna().any()]
    step, named = min(_APART, _WIDEST / max(1, len(lines))), []
    for number, own in enumerate(lines):
        moved = _moved(ax, step * (number - (len(lines) - 1) / 2)) if chart.bounds == "bars" else ax.transData
        end = _line(ax, chart, own, moved, number)
        if end.text and (chart.markers or len(own) > 1):
            named.append(end)
    return named


def _line(ax: "Axes", chart: Chart, own: "pd.DataFrame", moved: "Transform", number: int) -> Named:
    drawn = look(own[chart.look].iloc[0]) if chart.look else look(1)
    hollow = bool(chart.hollow and own[chart.hollow].iloc[0])
    dash = (0, (2, 1.5)) if hollow else "-" if chart.hollow and drawn.marker else drawn.line
    for place, (_, stroke) in enumerate(own.groupby(chart.path or [0] * len(own), sort=False, dropna=False)):
        ax.plot(_values(chart.x, stroke, chart.x.column), _values(chart.y, stroke, chart.y.column), color=drawn.color,
                linestyle=dash, transform=moved, marker=drawn.marker if chart.markers else "", zorder=3,
                markersize=5.5 * drawn.size, markevery=max(1, len(own) // _MARKERS),
                markeredgecolor=drawn.color if hollow else PAPER, markeredgewidth=1.0 if hollow else 0.7,
                markerfacecolor=PAPER if hollow else drawn.color, gid=f"{SERIES}{number}-{place}")  # fmt: skip
    x, y = _values(chart.x, own, chart.x.column), _values(chart.y, own, chart.y.column)
    if chart.y.low and chart.bounds == "band":
        ax.fill_between(x, *_bounds(chart.y, own), color=drawn.color, alpha=0.13, linewidth=0, zorder=2)
    elif chart.y.low:
        low, high = _bounds(chart.y, own)
        ax.vlines(x, low, high, color=drawn.color, linewidth=1.2, alpha=0.7, transform=moved, zorder=2)
    end = max((place for place in range(len(x)) if np.isfinite(y[place])), key=lambda place: (x[place], place))
    return Named(str(own[chart.line].iloc[0]) if chart.line else "", (float(x[end]), float(y[end])), drawn.color)


def _points(ax: "Axes", chart: Chart, part: "pd.DataFrame") -> list[Named]:
    named = []
    for number, (key, own) in enumerate(part.groupby(chart.look, sort=False)):
        drawn = look(key)
        x, y = _values(chart.x, own, chart.x.column), _values(chart.y, own, chart.y.column)
        area = 14 * own[chart.size] ** 0.5 if chart.size else 40 * drawn.size**2
        ax.scatter(x, y, s=area, color=drawn.color, marker=drawn.marker, alpha=0.6 if chart.size else 1.0, zorder=3,
                   linewidths=0 if chart.size else 0.6, edgecolors=PAPER, gid=f"{SERIES}{number}")  # fmt: skip
        if chart.x.low and key != OTHER:
            low, high = _bounds(chart.x, own)
            ax.hlines(y, low, high, color=drawn.color)
        if chart.y.low and key != OTHER:
            low, high = _bounds(chart.y, own)
            ax.vlines(x, low, high, color=drawn.color)
        texts = own[chart.line] if chart.line else [""] * len(own)
        named += [Named(str(text), (float(a), float(b)), drawn.color) for text, a, b in zip(texts, x, y, strict=True)]
    return [each for each in named if each.text]


def _rows(ax: "Axes", chart: Chart, part: "pd.DataFrame") -> list[Named]:
    """One interval a row, the first row on top; what is said of each stands at the right end."""
    names = list(dict.fromkeys(chart.frame[chart.y.column]))
    places = part[chart.y.column].map(names.index).to_numpy(dtype="float64")
    values = _values(chart.x, part, chart.x.column)
    pairs = [((chart.x.low, chart.x.high), 2.0)] if chart.x.low else []
    pairs += [(chart.inner, 5.0)] if chart.inner else []
    for index, key in enumerate(part[chart.look] if chart.look else [1] * len(part)):
        drawn = look(key)
        for bounds, width in pairs:
            low, high = (_values(chart.x, part, name)[index] for name in bounds)
            ax.hlines(places[index], low, high, color=drawn.color, linewidth=width, zorder=2)
        tick = drawn.marker == "|"
        ax.plot(values[index], places[index], marker=drawn.marker, linestyle="", color=drawn.color, clip_on=False,
                zorder=1 if tick else 3, markersize=10 if tick else 6.5 * drawn.size,
                markeredgecolor=drawn.color if tick else PAPER, markeredgewidth=1.4 if tick else 0.6)  # fmt: skip
    said = part[chart.said] if chart.said else [""] * len(part)
    return [Named(str(text), (np.inf, place), MUTED) for text, place in zip(said, places, strict=True) if text]


def _moved(ax: "Axes", points: float) -> "Transform":
    """Where data stand, moved aside by some points."""
    from matplotlib.transforms import ScaledTranslation

    figure = ax.figure
    return ax.transData + ScaledTranslation(points / 72, 0, figure.dpi_scale_trans)
