"""What stands around the axes of a panel, and how much room it needs: its title, and names of axes and lines."""

from dataclasses import dataclass
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING

from distillab.reporting.axes import limits_of, ticks_of
from distillab.reporting.charts import Axis, Chart
from distillab.reporting.lettering import DIGIT, LETTER, LINE, as_label, name_lines, title_lines
from distillab.reporting.marks import Named
from distillab.reporting.palette import INK, MUTED

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WIDTH, SMALL = 324.0, 156.0
"""Points of a panel, and of a small one."""

_GAP = 3.5
"""Points between rows."""
_LEADER = 16.0
"""Points of the strokes that lead from lines to their names."""


@dataclass(frozen=True)
class Room:
    """Points around the axes of every panel of a chart, and what these measure."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    @property
    def inner(self) -> float:
        """How wide the axes are."""
        return self.width - self.left - self.right


def room_of(chart: Chart) -> Room:
    """Room for the longest title, tick and name, so that all panels of a chart are as large."""
    panels = list(chart.panels())
    width = SMALL if chart.small else WIDTH
    titles = max(len(title_lines(title, width)) for title, _ in panels)
    top = LINE * (titles + len(_name_lines(chart.y, chart, width)) + _has_upright(chart)) + 6
    names = list(chart.frame[chart.line].unique()) if chart.line and not chart.bare else []
    names += [each.label for each in chart.references if each.along == "y" and each.label]
    names += list(chart.frame[chart.said].unique()) if chart.said else []
    right = max((len(line) for name in names for line in name_lines(str(name))), default=0)
    beside = 0.0 if chart.kind == "rows" else _LEADER
    rows = list(dict.fromkeys(chart.frame[chart.y.column])) if chart.kind == "rows" else []
    lines = max((len(name_lines(str(row))) for row in rows), default=0)
    height = (LINE * lines + _GAP) * len(rows) if rows else max(chart.height, _tallest(chart, panels))
    before = 4.0 if chart.bare else 10 + _left(chart, [part for _, part in panels])
    after = 12 + LETTER * right + beside if right else 4.0 if chart.bare else 10.0
    return Room(
        width=width,
        height=_square(chart, height, width - before - after),
        left=before,
        right=after,
        top=top,
        bottom=6.0 if chart.bare else LINE * (1 + bool(chart.x.title)) + 8,
    )


def write(ax: "Axes", chart: Chart, room: Room, title: str) -> None:
    """The title, and beneath it the name of the upright axis; below the panel that of the other one."""
    figure, total = ax.figure, room.top + room.height + room.bottom
    lines = title_lines(title, room.width)
    for number, line in enumerate(lines):
        figure.text(2 / room.width, 1 - (LINE * (number + 1) - 3) / total, as_label(line), weight="bold", size=11.5)
    for number, line in enumerate(_name_lines(chart.y, chart, room.width), start=len(lines)):
        figure.text(2 / room.width, 1 - (LINE * (number + 1) - 3) / total, as_label(line), color=MUTED)
    if chart.x.title:
        fits = LETTER * len(chart.x.title) < room.width - room.right
        x, side = (1 - room.right / room.width, "right") if fits else (2 / room.width, "left")
        figure.text(x, 4 / total, as_label(chart.x.title), color=MUTED, ha=side)


def name_beside(ax: "Axes", named: list[Named], room: Room, *, leaders: bool) -> None:
    """Names right of a panel, none on another, each led to by a stroke from what it names."""
    beside = 1 + (_LEADER if leaders else _LEADER / 4) / room.inner
    inside = [each for each in named if isfinite(each.at[1])]
    (left, right), (bottom, top) = ax.get_xlim(), sorted(ax.get_ylim())
    tall = [len(name_lines(each.text)) * LINE / room.height for each in inside]
    ends = [float(ax.transLimits.transform(ax.transScale.transform((left, min(max(each.at[1], bottom), top))))[1])
            for each in inside]  # fmt: skip
    for each, place in zip(inside, _apart(ends, tall), strict=True):
        at = (min(each.at[0], right), min(max(each.at[1], bottom), top))
        ax.annotate(
            as_label("\n".join(name_lines(each.text))), at, xytext=(beside, place),
            textcoords="axes fraction", va="center", ha="left", color=INK, linespacing=1.05, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": each.color, "linewidth": 1.0, "shrinkA": 1, "shrinkB": 2,
                        "relpos": (0, 0.5)}
            if leaders else None,
        )  # fmt: skip


def _apart(ends: list[float], tall: list[float]) -> list[float]:
    """Places as near to ``ends`` as can be where texts of these heights do not touch, within 0 and 1 if they fit."""
    order = sorted(range(len(ends)), key=lambda index: -ends[index])
    found, above = dict[int, float](), 1.0 + 0.5 * (tall[order[0]] if order else 0)
    for index in order:
        found[index] = min(ends[index], above - tall[index] / 2)
        above = found[index] - tall[index] / 2
    below = -0.5 * (tall[order[-1]] if order else 0)
    for index in reversed(order):
        found[index] = max(found[index], below + tall[index] / 2)
        below = found[index] + tall[index] / 2
    return [found[index] for index in range(len(ends))]


def _tallest(chart: Chart, panels: "list[tuple[str, pd.DataFrame]]") -> float:
    """Points that the names beside the fullest panel need."""
    across = [each.label for each in chart.references if each.along == "y" and each.label]
    named = [[*across, *(part[chart.line].unique() if chart.line and not chart.bare else ())] for _, part in panels]
    return max(LINE * sum(len(name_lines(str(name))) for name in names if name) for names in named)


def _left(chart: Chart, parts: "list[pd.DataFrame]") -> float:
    if chart.kind == "rows":
        rows = chart.frame[chart.y.column].unique()
        return LETTER * max((len(line) for row in rows for line in name_lines(str(row))), default=0)
    ticks = [label for part in parts for _, label in ticks_of(chart.y, part, limits_of(chart, chart.y, part))]
    return DIGIT * max(map(len, ticks), default=0)


def _has_upright(chart: Chart) -> bool:
    return any(each.along == "x" and each.label for each in chart.references)


def _name_lines(axis: Axis, chart: Chart, width: float) -> list[str]:
    return wrap(axis.title, int(width / LETTER)) if axis.title and not chart.bare else []


def _square(chart: Chart, height: float, width: float) -> float:
    """The height at which axes of this width have the same unit both ways, where they must."""
    if not chart.equal:
        return height
    (left, right), (low, high) = (limits_of(chart, axis, chart.frame) for axis in (chart.x, chart.y))
    return width * (high - low) / (right - left)
