"""From a matplotlib figure to an accessible figure of a page: themed SVG, alt text, caption, data."""

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ContractError
from distillab.reporting.display import Html
from distillab.reporting.palette import INK, MUTED, RULE, themed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 9.2
"""Inches of a full-width figure."""

_STYLE: Any = {
    "axes.axisbelow": True, "axes.edgecolor": MUTED, "axes.facecolor": "none", "axes.grid": True,
    "axes.labelcolor": INK, "axes.labelsize": 10, "axes.linewidth": 0.8, "axes.spines.right": False,
    "axes.spines.top": False, "axes.titlecolor": INK, "axes.titlelocation": "left", "axes.titlesize": 10.5,
    "axes.titleweight": "bold", "figure.facecolor": "none", "font.family": "sans-serif", "font.size": 10,
    "font.sans-serif": ["DejaVu Sans"],
    "grid.color": RULE, "grid.linewidth": 0.7, "legend.fontsize": 9.5, "legend.frameon": False, "lines.linewidth": 1.8,
    "savefig.facecolor": "none", "svg.fonttype": "none", "text.color": INK, "xtick.color": MUTED,
    "xtick.labelcolor": INK, "xtick.labelsize": 9.5, "ytick.color": MUTED, "ytick.labelcolor": INK,
    "ytick.labelsize": 9.5,
}  # fmt: skip


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style, whatever the reader's own matplotlib settings say."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def as_label(name: str) -> str:
    """A name that others gave, as text in a figure: matplotlib reads formulas between dollars, and hides ``_names``."""
    return ("\u2009" if name.startswith("_") else "") + name.replace("$", "\\$")


def canvas(
    rows: int, columns: int, *, height: float, left: float, top: float, share_x: bool = True, share_y: bool = True
) -> "tuple[Figure, list[Axes]]":
    """A full-width figure with ``rows`` x ``columns`` axes, in reading order.

    Args:
        rows: Lines of panels.
        columns: Panels in a line.
        height: Inches of one panel.
        left: Inches left of the panels.
        top: Inches above them; also what separates two lines of panels, if titles need it.
        share_x: Whether panels share the horizontal scale.
        share_y: Whether they share the vertical one; if not, each has room for its own tick labels.
    """
    from matplotlib.figure import Figure

    gap, bottom, right = 0.5, 0.55, 0.15
    total = top + rows * height + (rows - 1) * gap + bottom
    figure = Figure(figsize=(WIDTH, total))
    between = 0.3 if share_y else 0.6
    panel = (WIDTH - left - right - (columns - 1) * between) / columns
    axes = figure.subplots(rows, columns, sharex=share_x, sharey=share_y, squeeze=False)
    figure.subplots_adjust(left=left / WIDTH, right=1 - right / WIDTH, bottom=bottom / total, top=1 - top / total,
                           wspace=between / panel, hspace=gap / height)  # fmt: skip
    return figure, list(axes.flat)


def svg(figure: "Figure", name: str) -> str:
    """The figure as themed inline SVG: equal figures give equal bytes, and ids start with ``name``."""
    import matplotlib as mpl

    buffer = StringIO()
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<style type=\"text/css\">.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(href="|url\()#', rf"\1#{name}-", text)
    text = re.sub(r"<[^>]*>", _rounded, text)  # in tags alone: a tick's label is a number, too
    text = re.sub(r"\n\s*", "\n", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))
    return themed(text)


def _rounded(tag: re.Match[str]) -> str:
    """A tag whose coordinates end at hundredths of a point, which cannot be seen."""
    return re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0])


def show(figure: "Figure", *, name: str, alt: str, caption: str, data: "pd.DataFrame | None" = None) -> Html:
    """The figure with its alt text and caption, its data one click away.

    Raises:
        ContractError: The alt text or the caption is empty.
    """
    if not alt.strip() or not caption.strip():
        raise ContractError("a figure needs alt text and a caption", where=name)
    drawn = svg(figure, name)
    drawn = drawn.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" stroke-linejoin="round" ', 1)
    drawn = re.sub(r'(<svg [^>]*?)height="[^"]*"([^>]*?)width="[^"]*"', r"\1\2", drawn, count=1)
    link = "" if data is None else " " + _csv_link(data, name)
    return Html(
        f'<figure class="drawing"><div class="scroll" tabindex="0" role="region" aria-label="Figure {escape(name)}">'
        f"{drawn}</div><figcaption>{caption}{link}</figcaption></figure>"
    )


def _csv_link(data: "pd.DataFrame", name: str) -> str:
    payload = b64encode(data.to_csv(index=False, float_format="%.6g").encode()).decode()
    return f'<a class="data" download="{name}.csv" href="data:text/csv;base64,{payload}">Data (CSV)</a>'
