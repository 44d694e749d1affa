"""From a declared chart to an accessible figure of a page: a themed SVG per panel, alt text, caption, data.

Panels are as wide as a phone; the page sets as many side by side as it has room for.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ContractError
from distillab.reporting.axes import set_axes
from distillab.reporting.charts import Chart
from distillab.reporting.display import Shown
from distillab.reporting.margins import Room, name_beside, room_of, write
from distillab.reporting.marks import draw
from distillab.reporting.palette import INK, MUTED, RULE, themed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_STYLE: Any = {
    "axes.axisbelow": True, "axes.edgecolor": MUTED, "axes.facecolor": "none", "axes.grid": True,
    "axes.linewidth": 0.8, "axes.spines.right": False, "axes.spines.top": False, "figure.facecolor": "none",
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 11, "grid.color": RULE,
    "grid.linewidth": 0.7, "lines.linewidth": 1.8, "savefig.facecolor": "none", "svg.fonttype": "none",
    "text.color": INK, "xtick.color": MUTED, "xtick.labelcolor": INK, "xtick.labelsize": 11, "ytick.color": MUTED,
    "ytick.labelcolor": INK, "ytick.labelsize": 11,
}  # fmt: skip

_TEXT = "font-size: 11px; font-family: 'DejaVu Sans', sans-serif"
_SPARED = (
    (r"<style type=\"text/css\">.*?</style>|<metadata>.*?</metadata>|<!--.*?-->", ""),
    (r'<g id="(?!series)[^"]*"(/?)>', r"<g\1>"),
    (r"<g/>|<defs>\s*</defs>", ""),
    (r' transform="rotate\(-0 [^"]*"', ""),
    (re.escape(_TEXT) + "; ", ""),
    (r'(<use [^>]*style="fill: [^;"]*); stroke[^"]*"', r'\1"'),
    (r' (?:width|height)="[\d.]+pt"', ""),
    (r"\s*\n\s*", "\n"),
    (r"\n(?=[LQCz])", ""),
)
"""Patterns in what matplotlib writes, and what stands in their place."""


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style, whatever the reader's own matplotlib settings say."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def panels_of(chart: Chart) -> "Iterator[Figure]":
    """Every panel of a chart as a figure of its own, all as large."""
    room = room_of(chart)
    for title, part in chart.panels():
        yield _panel(chart, part, room, title)


def _panel(chart: Chart, part: "pd.DataFrame", room: Room, title: str) -> "Figure":
    from matplotlib.figure import Figure

    total = room.top + room.height + room.bottom
    figure = Figure(figsize=(room.width / 72, total / 72))
    figure.patch.set_visible(False)
    ax = figure.add_axes((room.left / room.width, room.bottom / total, room.inner / room.width, room.height / total))
    set_axes(ax, chart, part, room.inner)
    ax.patch.set_visible(False)
    named = draw(ax, chart, part)
    if chart.equal:
        ax.set_aspect("equal", adjustable="box", anchor="NW")
    if chart.bare:
        ax.set_axis_off()
    write(ax, chart, room, title)
    name_beside(ax, [] if chart.bare else named, room, leaders=chart.kind != "rows")
    return figure


def svg(figure: "Figure", name: str) -> str:
    """The figure as themed inline SVG: equal figures give equal bytes, and ids start with ``name``.

    What matplotlib writes for editors is left out: ids that nothing refers to, and styles that all texts share.
    """
    import matplotlib as mpl

    buffer = StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    for pattern, kept in _SPARED:
        text = re.sub(pattern, kept, text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    text = re.sub(r"<[^>]*>", _rounded, text)  # in tags alone: a tick's label is a number, too
    return themed(text.replace("<svg ", f'<svg stroke-linejoin="round" style="{_TEXT}" ', 1))


def _rounded(tag: re.Match[str]) -> str:
    """A tag whose coordinates end at hundredths of a point, which cannot be seen."""
    return re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0])


@dataclass(frozen=True)
class Drawing(Shown):
    """A figure of a page, and what it draws."""

    text: str
    charts: tuple[Chart, ...]


def show(*charts: Chart, name: str, alt: str, caption: str, data: "pd.DataFrame | None" = None) -> Drawing:
    """The panels of charts as a figure with its alt text and caption, its data one click away.

    Raises:
        ContractError: The alt text or the caption is empty.
    """
    if not alt.strip() or not caption.strip():
        raise ContractError("a figure needs alt text and a caption", where=name)
    with style():
        figures = [figure for chart in charts for figure in panels_of(chart)]
        drawn = [svg(figure, f"{name}-{number}") for number, figure in enumerate(figures)]
    kind = " small" if all(chart.small for chart in charts) else {1: " one", 2: " two"}.get(len(drawn), "")
    link = "" if data is None else " " + _csv_link(data, name)
    return Drawing(
        f'<figure class="drawing{kind}" data-name="{escape(name)}"><div class="panels" role="img" '
        f'aria-label="{escape(alt)}">{"".join(drawn)}</div><figcaption>{caption}{link}</figcaption></figure>',
        charts,
    )


def _csv_link(data: "pd.DataFrame", name: str) -> str:
    payload = b64encode(data.to_csv(index=False, float_format="%.6g").encode()).decode()
    return f'<a class="data" download="{name}.csv" href="data:text/csv;base64,{payload}">Data (CSV)</a>'
