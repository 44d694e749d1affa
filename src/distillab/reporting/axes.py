"""Axes of panels: from where to where they go, where their ticks stand, and which of these have room for a label."""

from collections.abc import Callable, Sequence
from math import ceil, floor, inf, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from distillab.reporting.charts import Axis, Chart
from distillab.reporting.lettering import LETTER, as_label, name_lines

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    Places = Any
    """Numbers, one or many."""

_MARGIN = 0.07
"""Share of an axis that is left free at either end."""
_LEAST = 1e-12
"""What a logarithmic axis takes for nothing; a symmetric one is linear up to 1."""
_FEW, _MANY = 2.6, 5
"""Decades between which 2 and 5 are ticks, too; and how many ticks another axis has, about."""


def limits_of(chart: Chart, axis: Axis, part: "pd.DataFrame") -> tuple[float, float]:
    """Both ends of an axis: those asked for, or a little beyond what is drawn, in the unit that is drawn."""
    frame = chart.frame if axis.shared else part
    along = "x" if axis is chart.x else "y"
    marks = [value for name in axis.columns for value in axis.factor * frame[name].astype("float64")]
    marks += [place for each in chart.references if each.along == along and each.until is None
              and (place := each.place(part)) is not None]  # fmt: skip
    marks += [corner[along == "y"] for shape in chart.shapes for corner in shape.corners]
    finite = [mark for mark in marks if np.isfinite(mark)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    forward, backward = _scales(axis)
    start, end = forward(low), forward(high)
    room = _MARGIN * (end - start) or 0.5
    free = (backward(start - room), backward(end + room))
    asked = [given if given is not None else found for given, found in zip(axis.limits, free, strict=True)]
    return float(asked[0]), float(asked[1])


def ticks_of(axis: Axis, part: "pd.DataFrame", ends: tuple[float, float]) -> list[tuple[float, str]]:
    """Places of ticks between both ends, with their labels."""
    low, high = ends
    if axis.ticks == "values":
        places = sorted({axis.factor * float(value) for value in part[axis.column].dropna()})
    elif axis.ticks:
        places = [float(tick) for tick in axis.ticks]
    else:
        places = _round_ones(axis, low, high, whole=part[axis.column].dtype.kind == "i")
    inside = [place for place in places if low <= place <= high]
    return list(zip(inside, labels_of(inside), strict=True))


def labels_of(places: Sequence[float]) -> list[str]:
    """Numbers as text: evenly spaced ones with as many decimals as the one that needs most."""
    if places and max(map(abs, places)) >= 1000:
        texts = [f"{place:,.0f}" if abs(place) >= 1 else f"{place:g}" for place in places]
        return [text.replace("-", "−") for text in texts]
    texts = [f"{place:.6g}" for place in places]
    decimals = max((len(text.partition(".")[2]) for text in texts), default=0)
    even = _evenly(places)
    return [(f"{place:.{decimals}f}" if even else text).replace("-", "−")
            for place, text in zip(places, texts, strict=True)]  # fmt: skip


def set_axes(ax: "Axes", chart: Chart, part: "pd.DataFrame", width: float) -> None:
    """Scales, limits and ticks of a panel, whose axes are ``width`` points wide."""
    for name, axis in (("x", chart.x), ("y", chart.y)):
        if axis.scale == "names":
            _set_rows(ax, list(dict.fromkeys(chart.frame[axis.column])))
            continue
        ends = limits_of(chart, axis, part)
        ticks = ticks_of(axis, part, ends)
        _set_scale(ax, name, axis)
        if name == "x":
            ax.set_xlim(*ends)
            ax.set_xticks([place for place, _ in ticks], thinned(ticks, axis, ends, width), minor=False)
            ax.set_xticks([], minor=True)
        else:
            ax.set_ylim(*ends)
            ax.set_yticks([place for place, _ in ticks], [label for _, label in ticks], minor=False)
            ax.set_yticks([], minor=True)


def _set_rows(ax: "Axes", names: list[str]) -> None:
    """Names as rows, the first on top."""
    ax.grid(visible=False, axis="y")
    ax.set_yticks(range(len(names)), ["\n".join(map(as_label, name_lines(name))) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def thinned(ticks: list[tuple[float, str]], axis: Axis, ends: tuple[float, float], width: float) -> list[str]:
    """Labels of ticks along ``width`` points, the last one among them; empty where one would touch the one after it."""
    forward, _ = _scales(axis)
    start, end = map(forward, ends)
    shown, reached = [], inf
    for place, label in reversed(ticks):
        middle, half = width * (forward(place) - start) / (end - start), LETTER * len(label) / 2
        clear = middle + half < reached - LETTER
        shown.append(label if clear else "")
        reached = middle - half if clear else reached
    return shown[::-1]


def _round_ones(axis: Axis, low: float, high: float, *, whole: bool) -> list[float]:
    """About five round numbers, whole ones of what is counted; powers of ten, with 2 and 5 between few of them."""
    from matplotlib.ticker import MaxNLocator

    if axis.scale == "log":
        powers = range(floor(log10(low)), ceil(log10(high)) + 1)
        fine = log10(high / low) <= _FEW
        return [step * 10.0**power for power in powers for step in ((1, 2, 5) if fine else (1,))]
    if axis.scale == "symlog":
        return [-1000.0, -100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1000.0]
    return [
        float(place) for place in MaxNLocator(_MANY, steps=[1, 2, 2.5, 5, 10], integer=whole).tick_values(low, high)
    ]


def _evenly(places: Sequence[float]) -> bool:
    gaps = np.diff(places)
    return bool(len(gaps)) and bool(np.allclose(gaps, gaps[0]))


def _scales(axis: Axis) -> "tuple[Callable[[Places], Places], Callable[[Places], Places]]":
    """From places to where they stand on paper, and back."""
    if axis.scale == "log":
        return (lambda values: np.log10(np.maximum(values, _LEAST))), (lambda places: np.power(10.0, places))
    if axis.scale == "sqrt":
        return (lambda values: np.sqrt(np.abs(values))), (lambda places: np.maximum(places, 0.0) ** 2)
    if axis.scale == "symlog":
        return _symlog, _from_symlog
    return (lambda values: values), (lambda places: places)


def _symlog(values: "Places") -> "Places":
    sizes = np.abs(values)
    return np.sign(values) * np.where(sizes <= 1, sizes, 1 + np.log10(np.maximum(sizes, 1)))


def _from_symlog(places: "Places") -> "Places":
    sizes = np.abs(places)
    return np.sign(places) * np.where(sizes <= 1, sizes, np.power(10.0, np.maximum(sizes, 1) - 1))


def _set_scale(ax: "Axes", name: str, axis: Axis) -> None:
    from matplotlib.scale import FuncScale

    if axis.scale in ("linear", "log"):
        getattr(ax, f"set_{name}scale")(axis.scale)
        return
    drawn = ax.xaxis if name == "x" else ax.yaxis
    getattr(ax, f"set_{name}scale")(FuncScale(drawn, _scales(axis)))
