"""What a figure draws, declared: its rows, which columns make places, lines and panels, its axes and references."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Literal

import numpy as np

from distillab.reporting.palette import places

if TYPE_CHECKING:
    import pandas as pd

MOST = 7
"""Lines of a panel that can be told apart."""

AxisScale = Literal["linear", "log", "sqrt", "symlog", "names"]
ChartKind = Literal["lines", "points", "rows"]


@dataclass(frozen=True)
class Axis:
    """A column as places, with its title; ``low`` and ``high`` are the columns of its bounds, where it has such."""

    column: str
    title: str = ""
    scale: AxisScale = "linear"
    ticks: Sequence[float] | Literal["values"] = ()
    """By default about five round ones; or those that occur."""
    limits: tuple[float | None, float | None] = (None, None)
    """By default a little beyond all that is drawn."""
    low: str = ""
    high: str = ""
    factor: float = 1.0
    """100 of a share that is drawn in percent."""
    shared: bool = True
    """Whether all panels have the same limits."""

    @property
    def columns(self) -> list[str]:
        """The columns that are drawn along this axis."""
        return [name for name in (self.column, self.low, self.high) if name]


@dataclass(frozen=True)
class Reference:
    """A line across the panel at one place of an axis, or from there to ``until`` a band."""

    along: Literal["x", "y"]
    at: float | str
    """A place, or the column that names one for each panel."""
    label: str = ""
    until: float | None = None
    broken: bool = True

    def place(self, part: "pd.DataFrame") -> float | None:
        """Where it stands in the panel of these rows; None where it does not."""
        if isinstance(self.at, str):
            found = [float(value) for value in part[self.at].dropna().unique()]
            return found[0] if found and isfinite(found[0]) else None
        return self.at


@dataclass(frozen=True)
class Outline:
    """A polygon behind the marks, by its corners, shaded or not."""

    corners: Sequence[Sequence[float]]
    shaded: bool = False


@dataclass(frozen=True)
class Chart:
    """Panels of lines, of points or of rows of named intervals, all drawn alike.

    A panel has at most `MOST` lines: where there are more, it comes in parts that share the lines ``always``.
    """

    frame: "pd.DataFrame"
    """What is drawn, in the order of drawing: lines join their rows as these stand."""
    x: Axis
    y: Axis
    kind: ChartKind = "lines"
    panel: str = ""
    """Column with the title of the panel."""
    line: str = ""
    """Column with what stands beside each line or point; empty: no name."""
    look: str = ""
    """Column with what `palette.look` knows: the key of a defense, a place in a series, a role."""
    path: str = ""
    """Column that tells strokes of one line apart, which are not joined."""
    hollow: str = ""
    """Column that says which lines are broken and have open markers."""
    bounds: Literal["band", "bars"] = "bars"
    """How the bounds of lines are drawn."""
    markers: bool = True
    """Whether lines have markers at their places."""
    inner: tuple[str, str] | None = None
    """Columns of thicker, inner bounds, of rows."""
    said: str = ""
    """Column with what stands at the end of a row."""
    size: str = ""
    """Column to whose square root the area of a point is proportional."""
    always: tuple[str, ...] = ()
    """Lines that every part of a crowded panel has; by default its first."""
    references: tuple[Reference, ...] = ()
    shapes: tuple[Outline, ...] = field(default=(), repr=False)
    equal: bool = False
    """Whether both axes have the same unit; ``small`` panels stand closer together, ``bare`` ones have no axes."""
    small: bool = False
    bare: bool = False
    height: float = 150.0
    """Points between the axes, of other panels than of rows."""

    def panels(self) -> "Iterator[tuple[str, pd.DataFrame]]":
        """Titles and rows of the panels, in the order in which they come."""
        if not self.panel:
            yield from self._parts("", self.frame)
            return
        for title, part in self.frame.groupby(self.panel, sort=False):
            yield from self._parts(str(title), part)

    def _parts(self, title: str, frame: "pd.DataFrame") -> "Iterator[tuple[str, pd.DataFrame]]":
        names = list(dict.fromkeys(frame[self.line])) if self.line and self.kind == "lines" else []
        parts = crowds(names, self.always)
        for number, shown in enumerate(parts, start=1):
            counted = f"{number} of {len(parts)}" if len(parts) > 1 else ""
            said = ", ".join(filter(None, (title, counted)))
            yield said, frame[frame[self.line].isin(shown)] if len(parts) > 1 else frame


def crowds(names: list[str], always: tuple[str, ...] = ()) -> list[list[str]]:
    """Names of lines in parts of at most `MOST`, as even as can be; those of ``always``, or the first, in each."""
    if len(names) <= MOST:
        return [names]
    kept = [name for name in names if name in always] or names[:1]
    rest = [name for name in names if name not in kept]
    parts = -(-len(rest) // max(MOST - len(kept), 1))
    even = -(-len(rest) // parts)
    return [[*kept, *rest[start : start + even]] for start in range(0, len(rest), even)]


def by_defense(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Rows by defense, in the order of every figure."""
    return frame.iloc[np.argsort(places(frame["defense"]), kind="stable")]


def spread(frame: "pd.DataFrame", by: list[str], value: str) -> "pd.DataFrame":
    """Per group, in the order of the rows, the mean of a column over seeds with ``low`` and ``high``, its range."""
    found = frame.groupby(by, sort=False, dropna=False)[value].agg(["mean", "min", "max"])
    return found.rename(columns={"mean": value, "min": "low", "max": "high"}).reset_index()
