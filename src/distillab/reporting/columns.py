"""Columns of a page's tables: heading, unit and format follow from what a run's tables declare, wherever they can."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distillab.reporting.cells import Content, Show, known
from distillab.reporting.display import number, percent, points, setting
from distillab.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

CellRow = Mapping[str, Content]


def whole(value: float) -> str:
    """A count."""
    return f"{value:,.0f}"


def printed(value: float) -> str:
    """A number as a paper prints it."""
    return f"{value:g}"


def signed(value: float) -> str:
    """A number with its sign."""
    return number(value, signed=True)


def chance(p: float) -> str:
    """A p-value with two digits; below a ten-thousandth that it is."""
    return "<0.0001" if p < 1e-4 else number(p, digits=2)


WRITTEN: dict[str, tuple[str, Show]] = {
    "share": ("%", percent),
    "part": ("%", percent),
    "signed share": ("points", points),
    "nats": ("nats", number),
    "signed nats": ("nats", signed),
    "logits": ("logits", number),
    "classes": ("classes", number),
    "seconds": ("s", number),
    "mixed": ("", signed),
    **dict.fromkeys(("count", "images", "seeds", "index"), ("", whole)),
    **dict.fromkeys(("temperature", "power"), ("", setting)),
}
"""Unit of a table to what a heading calls it and how its values are written; others are plain numbers."""


@dataclass(frozen=True)
class Heading:
    """Heading, unit and format of one column."""

    title: str
    unit: str = ""
    """Or direction, or n: the second, quieter line of the heading; more lines are separated by line feeds."""
    show: Show = number
    bounds: tuple[str, str] = ("", "")
    """Columns of a frame that hold both ends of the interval."""
    absent: str = "not measured"
    """Why a frame has no value."""


def declared(table: str, name: str, title: str, unit: str | None = None, *, absent: str = "not measured") -> Heading:
    """The heading of a column of a run's table; unit, format and interval are those that the table declares.

    Args:
        table: Name of the table.
        name: Name of its column; both ends of an interval are declared behind it.
        title: What a page calls it.
        unit: Instead of the declared one.
        absent: Why it has no value where it has none.
    """
    columns = {column.name: column for column in TABLES[table].columns}
    written = WRITTEN.get(columns[name].unit, ("", number))
    low, high, *_ = [*list(columns)[list(columns).index(name) + 1 :], "", ""]
    bounds = (low, high) if low.endswith("low") and high.endswith("high") else ("", "")
    return Heading(title, written[0] if unit is None else unit, written[1], bounds, absent)


def decided(table: str, unit: str = "") -> dict[str, Heading]:
    """Columns of a table of statements: decision, estimate, its unit and Holm-adjusted p-value."""
    return {
        "decision": Heading("Decision"),
        "value": declared(table, "value", "Here", unit),
        "unit": Heading("Unit"),
        "p": Heading("p", "Holm", chance, absent="no interval below three seeds"),
    }


def rows_of(frame: "pd.DataFrame", columns: Mapping[str, Heading]) -> list[CellRow]:
    """The cells of a frame: a number with its interval, a dash with the column's reason where there is none."""
    return [{name: _content(row, name, column) for name, column in columns.items()} for row in frame.to_dict("records")]


def _content(row: Mapping[Any, Any], name: str, column: Heading) -> Content:
    found = row[name]
    if found is not None and not isinstance(found, int | float):
        content: Content = found
        return content
    return known(found, *(row.get(end) for end in column.bounds), absent=column.absent)
