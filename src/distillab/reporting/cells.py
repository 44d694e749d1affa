"""What stands in a cell of a table: written as HTML on a page, as text in a record, as numbers in a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from math import isfinite, nan

from distillab.reporting.display import DASH, interval
from distillab.reporting.grades import GRADED, LETTERED

Show = Callable[[float], str]
"""How the numbers of a column are written."""

Ends = tuple[float, float, float]
"""A value and both ends of its interval; NaN where there is none."""


@dataclass(frozen=True)
class Measured:
    """A number with its interval."""

    value: float
    low: float = nan
    high: float = nan
    kind: str = ""
    """What the interval is over: seeds, images, or points where there is none; empty where the notes say it."""
    best: bool = False
    """Whether it is among the best of its row or column."""

    @property
    def bounds(self) -> Ends:
        """The number and both ends."""
        return self.value, self.low, self.high


@dataclass(frozen=True)
class Absent:
    """No number, and why."""

    reason: str
    mark: str = ""
    """The letter by which a table's notes tell this reason from its others."""


def known(value: float | None, low: float | None = None, high: float | None = None, *, absent: str) -> "Known":
    """A number with its interval, or why there is none."""
    if value is None or not isfinite(value):
        return Absent(absent)
    return Measured(value, nan if low is None else low, nan if high is None else high)


@dataclass(frozen=True)
class Marked:
    """Words with a shape, a color or a reason on pointing: a verdict, an arrow, a word of warning."""

    said: str
    kind: str
    shape: str = ""
    reason: str = ""
    unseen: bool = False
    """Whether the shape alone is shown, and the words are its name for screen readers."""


@dataclass(frozen=True)
class Graded:
    """The label of a method with the grade of its code, which is shown unless it is verified; text shows warnings."""

    label: str
    grade: str
    where: str = ""
    """What follows the grade: networks, as far as there are several."""


@dataclass(frozen=True)
class Beside:
    """Contents side by side, or one beneath the other."""

    contents: "tuple[Content, ...]"
    beneath: bool = False


Known = Measured | Absent
"""A number, or why there is none."""

Content = str | float | Measured | Absent | Marked | Graded | Beside
"""What a cell may hold."""


def beside(*contents: Content) -> Beside:
    """Contents side by side; empty ones are left out."""
    return Beside(tuple(content for content in contents if content != ""))


def lines(*contents: Content) -> Beside:
    """Contents one beneath the other; empty ones are left out."""
    return Beside(beside(*contents).contents, beneath=True)


def quiet(text: str) -> Content:
    """Text that stands back; nothing of nothing."""
    return Marked(text, "interval") if text else ""


def arrow(up: bool) -> Marked:
    """Whether a knockoff is above or below the LS student."""
    return (
        Marked("above LS", "arrow up", "↑", unseen=True) if up else Marked("not above LS", "arrow down", "↓", "", True)
    )


_SHAPES = {"distillable": "○", "nothing to steal": "◇", "no control": "△", "undistillable": "●", "undecided": "◐",
           "protects": "◆", "not shown": "◌"}  # fmt: skip
"""What is decided to its shape, so that color is not the only code."""


def verdict(answer: str, reason: str = "") -> Marked:
    """A verdict with its own shape; the reason on pointing."""
    return Marked(answer, f"chip {answer.replace(' ', '-')}", _SHAPES.get(answer, ""), reason)


def html_of(content: Content, show: Show) -> str:
    """A content on a page; strings are escaped, a dash says why on pointing, and by its letter beneath the table."""
    match content:
        case str():
            shown = escape(content)
        case Measured():
            shown = interval(*(_written(show, number) for number in content.bounds))
            shown = _unbroken(f"<strong>{shown}</strong>" if content.best else shown)
        case Absent():
            mark = f"<sup>{escape(content.mark)}</sup>" if content.mark else ""
            shown = f'<abbr class="missing" title="{escape(content.reason)}">{DASH}{mark}</abbr>'
        case Marked():
            shown = _marked(content)
        case Graded():
            grade = f" <span class='grade'>{escape(content.grade)}</span>" if content.grade in LETTERED else ""
            shown = f"{escape(content.label)}{grade}{escape(content.where)}"
        case Beside():
            between = "<br>" if content.beneath else " "
            shown = _unbroken(between.join(html_of(part, show) for part in content.contents))
        case _:
            shown = _unbroken(_written(show, content))
    return shown


def text_of(content: Content, show: Show) -> str:
    """A content in a record, as Markdown."""
    match content:
        case str():
            said = content
        case Measured():
            value, low, high = (_written(show, number) for number in content.bounds)
            said = value if DASH in (value, low, high) else f"{value} [{low}, {high}]"
            said = f"**{said}**" if content.best else said
        case Absent():
            said = DASH + content.mark
        case Marked():
            said = content.shape if content.unseen else content.said
        case Graded():
            grade = f" ({content.grade})" if content.grade in GRADED else ""
            said = f"{content.label}{grade}{content.where}"
        case Beside():
            said = ("; " if content.beneath else " ").join(text_of(part, show) for part in content.contents)
        case _:
            said = _written(show, content)
    return said


def with_marks(content: Content, marks: Mapping[str, str]) -> Content:
    """The same with the letter of its reason at every dash."""
    match content:
        case Absent():
            return replace(content, mark=marks.get(content.reason, ""))
        case Beside():
            return replace(content, contents=tuple(with_marks(part, marks) for part in content.contents))
        case _:
            return content


def parts_of(content: Content) -> Iterator[Content]:
    """A content, or what it is made of."""
    if isinstance(content, Beside):
        for part in content.contents:
            yield from parts_of(part)
    else:
        yield content


def bounds_of(content: Content) -> Ends:
    """The first number in a content with its interval, by which a column is sorted."""
    for part in parts_of(content):
        if isinstance(part, Measured) and isfinite(part.value):
            return part.bounds
        if isinstance(part, (int, float)):
            return float(part), nan, nan
    return nan, nan, nan


def _marked(content: Marked) -> str:
    kind = escape(content.kind)
    if content.unseen:
        return f'<span class="{kind}" role="img" aria-label="{escape(content.said)}">{content.shape}</span>'
    shape = f'<span aria-hidden="true">{content.shape}</span> ' if content.shape else ""
    title = f' title="{escape(content.reason)}"' if content.reason else ""
    return f'<span class="{kind}"{title}>{shape}{escape(content.said)}</span>'


def _written(show: Show, number: float) -> str:
    return show(number) if isfinite(number) else DASH


def _unbroken(html: str) -> str:
    return f'<span class="cell">{html}</span>'
