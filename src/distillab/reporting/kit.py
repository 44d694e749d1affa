"""A table of a page, declared once: shown as HTML, kept as Markdown in a record, downloaded as CSV."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import chain
from math import isfinite
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from distillab.reporting.cells import (
    Absent,
    Beside,
    Content,
    Graded,
    Marked,
    Measured,
    Show,
    bounds_of,
    html_of,
    parts_of,
    text_of,
    with_marks,
)
from distillab.reporting.columns import CellRow, Heading
from distillab.reporting.display import DASH, Html, Shown, folded, paragraph
from distillab.reporting.grades import GRADE_NOTE, LETTERED
from distillab.reporting.markdown import plain
from distillab.reporting.summaries import BEST, NOTHING_BOLD, kinds_notes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PageTable(Shown):
    """Rows of contents under declared columns; the first column heads the rows.

    Notebooks show it as HTML; a table without rows shows one sentence, or nothing.
    """

    name: str
    """Unique on a page; the prefix of its ids, and the name of its file."""
    title: str
    columns: Mapping[str, Heading]
    rows: Sequence[CellRow]
    sample: str = ""
    """What follows the title in the caption: n, seeds, data."""
    spanners: Mapping[str, Sequence[str]] | None = None
    """Title to the columns that it spans."""
    bold: str = ""
    """What bold numbers have in common; said where there are some."""
    notes: Sequence[str] = ()
    """Lines beneath; empty ones are left out. What the intervals are is said by the table itself."""
    otherwise: str = ""
    """What is said where there are no rows."""
    narrow: bool = False
    """Whether intervals stand beneath their values, so that many columns fit side by side."""

    @property
    def text(self) -> str:
        """The table as a piece of a page, its numbers one click away."""
        if not self.rows:
            return paragraph(escape(self.otherwise)).text if self.otherwise else ""
        caption = f"<b>{escape(self.title)}</b>{escape(self.sample)}."
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        dashes = self._dashes()
        notes += f'<p class="dashes">{escape(dashes)}</p>' if dashes else ""
        kind = "table narrow" if self.narrow else "table"
        return (
            f'<figure class="{kind}"><figcaption id="{self.name}-caption">{caption} {self._download()}</figcaption>'
            f'<div class="scroll" role="region" aria-labelledby="{self.name}-caption" tabindex="0">'
            f"<table><thead>{self._head()}</thead><tbody>{''.join(map(self._line, self.rows))}</tbody></table></div>"
            f'<div class="notes">{notes}</div></figure>'
        )

    def markdown(self) -> str:
        """The table as a part of a record, its caption above, its notes and the reasons for its dashes beneath."""
        if not self.rows:
            return plain(self.otherwise)
        spans = {name: f"{plain(title)}: " for title, names in (self.spanners or {}).items() for name in names}
        units = {name: plain(", ".join(["", *column.unit.splitlines()])) for name, column in self.columns.items()}
        head = [f"{spans.get(name, '')}{plain(column.title)}{units[name]}" for name, column in self.columns.items()]
        body = [[_markdown(with_marks(row[name], self._marks), column.show) for name, column in self.columns.items()]
                for row in self.rows]  # fmt: skip
        lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body)]
        notes = [plain(note) for note in (*self._notes(), self._dashes()) if note]
        return "\n\n".join([f"**{plain(self.title)}**{_plainly(self.sample)}.", "\n".join(lines), *notes])

    @property
    def frame(self) -> "pd.DataFrame":
        """The numbers as they are, each with its interval, and the words of the cells that hold some."""
        import pandas as pd

        made: dict[str, list[Any]] = {}
        for name, column in self.columns.items():
            found = [bounds_of(row[name]) for row in self.rows]
            words = ["; ".join(_words(row[name])) for row in self.rows]
            if not any(isfinite(value) for value, _, _ in found):
                made[name] = [text_of(row[name], column.show) for row in self.rows]
                continue
            for end, values in zip(("", "_low", "_high"), zip(*found, strict=True), strict=True):
                made |= {f"{name}{end}": list(values)} if any(map(isfinite, values)) else {}
            made |= {f"{name}_note": words} if any(words) else {}
        return pd.DataFrame(made)

    def csv(self) -> str:
        """The same as text."""
        return str(self.frame.to_csv(index=False, float_format="%.6g"))

    def _download(self) -> str:
        payload = b64encode(self.csv().encode()).decode()
        return f'<a class="data" download="{self.name}.csv" href="data:text/csv;base64,{payload}">CSV</a>'

    def _head(self) -> str:
        spans = {name: title for title, names in (self.spanners or {}).items() for name in names}
        above, beneath = "", ""
        for name, column in self.columns.items():
            lines = "".join(f"<span class='unit'>{escape(line)}</span>" for line in column.unit.splitlines())
            cell = f'<th scope="col"{{}}>{escape(column.title)}{lines}</th>'
            if name not in spans:
                above += cell.format(' rowspan="2"' if spans else "")
                continue
            beneath += cell.format("")
            title, names = spans[name], (self.spanners or {})[spans[name]]
            if name == names[0]:
                above += f'<th scope="colgroup" colspan="{len(names)}"><span>{escape(title)}</span></th>'
        return f"<tr>{above}</tr>" + (f"<tr>{beneath}</tr>" if beneath else "")

    def _line(self, row: CellRow) -> str:
        stub, *names = self.columns
        cells = [f'<th scope="row">{html_of(row[stub], self.columns[stub].show)}</th>']
        for name in names:
            value = bounds_of(row[name])[0]
            order = f' data-value="{value:.6g}"' if isfinite(value) else ""
            shown = html_of(with_marks(row[name], self._marks), self.columns[name].show)
            cells.append(f'<td data-column="{escape(name)}"{order}>{shown}</td>')
        return f"<tr>{''.join(cells)}</tr>"

    def _parts(self) -> list[Content]:
        return list(chain.from_iterable(parts_of(row[name]) for row in self.rows for name in self.columns))

    def _notes(self) -> list[str]:
        parts = self._parts()
        numbers = [part for part in parts if isinstance(part, Measured)]
        letters = any(isinstance(part, Graded) and part.grade in LETTERED for part in parts)
        said = (*kinds_notes(number.kind for number in numbers), self._bold(numbers), *self.notes)
        return list(dict.fromkeys(note for note in (*said, GRADE_NOTE if letters else "") if note))

    def _bold(self, numbers: Sequence[Measured]) -> str:
        """What bold numbers are, or that none is bold although there are intervals to compare."""
        if any(number.best for number in numbers):
            return f"Bold: {self.bold}."
        compared = self.bold and any(isfinite(number.low) for number in numbers)
        return NOTHING_BOLD if compared and self.bold.startswith(BEST) else ""

    @cached_property
    def _marks(self) -> dict[str, str]:
        """Reason of a dash to its letter; the first ones have one where there are several."""
        reasons = dict.fromkeys(part.reason for part in self._parts() if isinstance(part, Absent))
        return dict(zip(reasons, ascii_lowercase, strict=False)) if len(reasons) > 1 else dict.fromkeys(reasons, "")

    def _dashes(self) -> str:
        """Why there are dashes, by their letters; reasons beyond these are counted."""
        said = [f"{DASH}{mark} {reason}" for reason, mark in self._marks.items()]
        reasons = len({part.reason for part in self._parts() if isinstance(part, Absent)})
        said += [f"{DASH} {reasons - len(said)} more, on pointing"] if reasons > len(said) else []
        return f"{'; '.join(said)}." if said else ""


@dataclass(frozen=True)
class Folded(Shown):
    """A table, and others of its kind that open on demand."""

    first: PageTable
    title: str
    others: Sequence[PageTable]

    @property
    def text(self) -> str:
        """All of them as a piece of a page."""
        shown = [Html(table.text) for table in self.others if table.rows]
        return self.first.text + (folded(self.title, *shown).text if shown else "")

    def markdown(self) -> str:
        """All of them as a part of a record."""
        return "\n\n".join(table.markdown() for table in (self.first, *self.others) if table.rows or table.otherwise)


def _plainly(sample: str) -> str:
    """What follows a title, as others' words; the space that it may begin with is kept."""
    return f" {plain(sample)}" if sample.startswith(" ") else plain(sample)


def _markdown(content: Content, show: Show) -> str:
    """A content as Markdown: words are text, whatever they hold."""
    if isinstance(content, Beside):
        return ("; " if content.beneath else " ").join(_markdown(part, show) for part in content.contents)
    said = text_of(content, show)
    return said if isinstance(content, Measured | Absent | int | float) else plain(said)


def _words(content: Content) -> list[str]:
    """What a cell says beside its number."""
    said = []
    for part in parts_of(content):
        match part:
            case Absent():
                said.append(part.reason)
            case Marked():
                said.append(part.said)
            case str() | Graded():
                said.append(text_of(part, str))
    return said
