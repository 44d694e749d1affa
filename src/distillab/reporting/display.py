"""Numbers, cells and tables as HTML: value [low, high], dashes with reasons, scoped headers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

DASH = "–"
MINUS = "−"


@dataclass(frozen=True)
class Html:
    """A piece of a page; notebooks show it as HTML and nothing else."""

    text: str

    def _repr_html_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Html({len(self.text)} characters)"

    def __add__(self, other: "Html") -> "Html":
        return Html(self.text + other.text)


def number(value: float | None, *, digits: int = 3, decimals: int = 6, signed: bool = False) -> str:
    """``value`` with at most ``digits`` significant digits and ``decimals`` decimals; a dash where it is not finite."""
    if value is None or not isfinite(value):
        return DASH
    places = min(decimals, digits - 1 - floor(log10(abs(value)))) if value else 0
    rounded = round(value, places)
    text = f"{abs(rounded):,.{max(places, 0)}f}"
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + text


def setting(value: float) -> str:
    """A parameter as somebody would write it: no trailing zeros."""
    return f"{value:.3g}".replace("-", MINUS)


def percent(share: float | None) -> str:
    """A share in [0, 1] in percent, with three significant digits and at most one decimal."""
    return number(None if share is None else 100 * share, decimals=1)


def points(difference: float | None) -> str:
    """A difference of shares in percentage points, signed, with at most two decimals."""
    return number(None if difference is None else 100 * difference, decimals=2, signed=True)


def timespan(seconds: float) -> str:
    """``"2.5 h"``, ``"3 min"``, ``"12 s"``: in the largest unit of which there is one at least."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{number(seconds / unit, decimals=1)} {name}"
    return f"{number(seconds, decimals=1)} s"


def interval(value: str, low: str, high: str) -> str:
    """``value [low, high]``; the value alone where no interval is claimed."""
    if value == DASH or DASH in (low, high):
        return value
    return f'{value} <span class="interval">[{low}, {high}]</span>'


def table_cell(text: str, *, best: bool = False, mark: str = "") -> str:
    """A table cell that does not wrap, bold where it is among the best, followed by ``mark``."""
    body = f"<strong>{text}</strong>" if best else text
    return f'<span class="cell">{body}{mark}</span>'


def missing(reason: str) -> str:
    """A dash that says why there is no number, to eyes, pointers and screen readers."""
    return (
        f'<abbr class="missing" title="{escape(reason)}">{DASH}<span class="unseen"> ({escape(reason)})</span></abbr>'
    )


def arrow(up: bool) -> str:
    """An arrow that says whether a knockoff is above or below the LS student."""
    word = "above" if up else "not above"
    sign, tone = ("↑", "up") if up else ("↓", "down")
    shown = f'<span aria-hidden="true">{sign}</span><span class="unseen">{word} LS</span>'
    return f' <span class="arrow {tone}">{shown}</span>'


_SHAPES = {"distillable": "○", "nothing to steal": "◇", "no control": "△", "undistillable": "●", "undecided": "◐",
           "protects": "◆", "not shown": "◌"}  # fmt: skip
"""What is decided to its shape."""


def chip(verdict: str, *, reason: str = "") -> str:
    """A verdict as a small label with its own shape, so that color is not the only code; the reason on pointing."""
    name, title = escape(verdict.replace(" ", "-")), f' title="{escape(reason)}"' if reason else ""
    shape = f'<span aria-hidden="true">{_SHAPES.get(verdict, "")}</span>'
    return f'<span class="chip {name}"{title}>{shape} {escape(verdict)}</span>'


def header(title: str, unit: str = "") -> str:
    """A column title with its unit, direction or n in a second, quieter line."""
    return f"{escape(title)}<span class='unit'>{escape(unit)}</span>" if unit else escape(title)


def table(
    frame: "pd.DataFrame",
    *,
    name: str,
    caption: str,
    labels: Mapping[str, str],
    spanners: Mapping[str, Sequence[str]] | None = None,
    notes: Sequence[str] = (),
) -> Html:
    """``frame`` as a captioned table that scrolls in its own box; its first column heads the rows.

    Args:
        frame: Cells as HTML text.
        name: Unique on the page; the prefix of the ids.
        caption: HTML: what the table shows.
        labels: Column to header, as HTML.
        spanners: Title to the columns that it spans.
        notes: HTML lines under the table; empty ones are left out.
    """
    from great_tables import GT, html

    stub, *columns = [str(column) for column in frame.columns]
    built = GT(frame, rowname_col=stub, id=name).fmt(str, columns=[stub, *columns]).tab_stubhead(html(labels[stub]))
    built = built.cols_label({column: html(labels[column]) for column in columns})
    for title, spanned in (spanners or {}).items():
        built = built.tab_spanner(label=html(title), columns=list(spanned), id=f"span-{spanned[0]}")
    text = built.as_raw_html()
    body = text[text.index("<table") : text.index("</table>") + len("</table>")]
    lines = "".join(f"<p>{line}</p>" for line in notes if line)
    return Html(
        f'<figure class="table"><figcaption id="{name}-caption">{caption}</figcaption>'
        f'<div class="scroll" role="region" aria-labelledby="{name}-caption" tabindex="0">{body}</div>'
        f'<div class="notes">{lines}</div></figure>'
    )


def folded(title: str, *parts: Html) -> Html:
    """``parts`` behind a title that opens on demand; printed open."""
    return Html(f"<details><summary>{escape(title)}</summary>{''.join(part.text for part in parts)}</details>")


def paragraph(text: str, *, kind: str = "") -> Html:
    """A paragraph of HTML text."""
    return Html(f'<p class="{kind}">{text}</p>' if kind else f"<p>{text}</p>")
