"""Tables and intervals as Markdown, for the records that are kept in the repository."""

import re
from collections.abc import Callable, Iterable, Sequence
from math import isfinite

from distillab.reporting.display import DASH, number, percent, points

Show = Callable[[float | None], str]


def plain(text: str) -> str:
    """Words of others as Markdown shows them: no markup, no HTML, no cell's end."""
    return re.sub(r"([\\`*_\[\]|<>~$#])", r"\\\1", " ".join(text.split()))


def markdown_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows of text under their column titles."""
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def signed(value: float | None) -> str:
    """A number with its sign, at most three significant digits."""
    return number(value, signed=True)


def between(low: float | None, high: float | None, show: Show = signed) -> str:
    """``[low, high]``; a dash where either is missing."""
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return DASH
    return f"[{show(low)}, {show(high)}]"


def share(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A share in percent, with its interval where there is one."""
    return with_bounds(value, low, high, percent)


def gain(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A difference of shares in percentage points, with its interval where there is one."""
    return with_bounds(value, low, high, points)


def with_bounds(value: float | None, low: float | None, high: float | None, show: Show) -> str:
    """``value [low, high]``; the value alone where it has no interval."""
    bounds = between(low, high, show)
    return show(value) if bounds == DASH else f"{show(value)} {bounds}"
