"""Numbers, cells and tables as HTML: value [low, high], dashes with reasons, scoped headers."""

from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    pass

DASH = "–"
MINUS = "−"

_MOST = 4
"""Decimals of a percentage or of points that must not be written as a number that it is not."""
_NOISE = 9
"""Decimals beyond which it is rounding that makes the difference."""


class Piece(Protocol):
    """What a page is made of."""

    @property
    def text(self) -> str:
        """HTML."""


class Shown:
    """What notebooks show as HTML, and other pieces are put behind."""

    def _repr_html_(self: Piece) -> str:
        return self.text

    def __add__(self: Piece, other: Piece) -> "Html":
        return Html(self.text + other.text)


@dataclass(frozen=True)
class Html(Shown):
    """A piece of a page, and nothing else."""

    text: str

    def __repr__(self) -> str:
        return f"Html({len(self.text)} characters)"


def number(value: float | None, *, digits: int = 3, decimals: int = 6, signed: bool = False) -> str:
    """``value`` with at most ``digits`` significant digits and ``decimals`` decimals; a dash where it is not finite."""
    if value is None or not isfinite(value):
        return DASH
    rounded = round(value, _places(value, digits, decimals))
    places = _places(rounded, digits, decimals)  # 0.9996 has one digit more before the point once it is rounded
    text = f"{abs(rounded):,.{max(places, 0)}f}"
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + text


def _places(value: float, digits: int, decimals: int) -> int:
    return min(decimals, digits - 1 - floor(log10(abs(value)))) if value else 0


def setting(value: float) -> str:
    """A parameter as somebody would write it: three significant digits, no trailing zeros."""
    return f"{float(f'{value:.3g}'):g}".replace("-", MINUS)


def percent(share: float | None) -> str:
    """A share in percent, with three significant digits and at most one decimal; with more that is nearly 0 or 100."""
    return _unlike((0, 100), None if share is None else 100 * share, 1)


def points(difference: float | None) -> str:
    """A difference of shares in percentage points, signed, with at most two decimals; with more that is nearly 0."""
    return _unlike((0,), None if difference is None else 100 * difference, 2, signed=True)


def _unlike(ends: tuple[float, ...], value: float | None, decimals: int, *, signed: bool = False) -> str:
    """``value`` with the fewest decimals, from so many on, that do not make it one of ``ends``, if any do."""
    if value is None or not isfinite(value):
        return DASH
    value = round(value, _NOISE)
    found = (places for places in range(decimals, _MOST + 1) if round(value, places) not in ends)
    places = decimals if value in ends else next(found, decimals)
    return number(value, digits=3 + places - decimals, decimals=places, signed=signed)


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


def folded(title: str, *parts: Piece) -> Html:
    """``parts`` behind a title that opens on demand; printed open."""
    return Html(f"<details><summary>{escape(title)}</summary>{''.join(part.text for part in parts)}</details>")


def paragraph(text: str, *, kind: str = "") -> Html:
    """A paragraph of HTML text."""
    return Html(f'<p class="{kind}">{text}</p>' if kind else f"<p>{text}</p>")
