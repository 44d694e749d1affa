"""What no page may say: a number outside its interval or its range, seeds that are not the rows', a claim twice."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

SIGNED = r"([+−]?\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?)"
INTERVAL = re.compile(rf"{SIGNED}(?: (?:%|points))? \[{SIGNED}, {SIGNED}\]")
CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
SEEDS = re.compile(r"(?:(\d+) to )?(\d+) seeds?\b")
PERCENT = re.compile(r"(?<![−+\d.,])(\d[\d,]*(?:\.\d+)?) %")


@dataclass(frozen=True)
class Table:
    """A table of a page as a reader sees it."""

    name: str
    caption: str
    heads: list[str]
    rows: list[list[str]]
    notes: str

    def column(self, title: str) -> list[str]:
        """The cells under the first header that begins so."""
        place = next((place for place, head in enumerate(self.heads) if head.startswith(title)), None)
        return [] if place is None else [row[place] for row in self.rows if len(row) > place]


def untrue(page: str) -> list[str]:
    """Every offense of a page."""
    tables = tables_of(page)
    return [*_intervals(page), *_percents(page), *(said for table in tables for said in _table(table))]


def tables_of(page: str) -> list[Table]:
    """The tables of a page; those that have groups of columns have the titles of the columns alone."""
    return [_read(figure) for figure in re.findall(r'<figure class="table.*?</figure>', page, re.DOTALL)]


def plain(html: str) -> str:
    """What is read of a piece of HTML."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<br>", " ; ", html))).split())


def value(text: str) -> float:
    """A number as a page writes it."""
    return float(text.replace("−", "-").replace(",", ""))


def _read(figure: str) -> Table:
    head = re.findall(r"<thead.*?</thead>", figure, re.DOTALL)
    heads = re.findall(r'<th(?![^>]*scope="colgroup")[^>]*>(.*?)</th>', head[0] if head else "", re.DOTALL)
    body = figure.partition("<tbody")[2].partition("</tbody>")[0]
    rows = [CELL.findall(row) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    name = re.search(r'id="([\w-]+)-caption"', figure)
    caption = re.search(r"<figcaption.*?</figcaption>", figure, re.DOTALL)
    notes = figure.partition('class="notes"')[2]
    return Table(name[1] if name else "", plain(caption[0]) if caption else "", list(map(plain, heads)),
                 [list(map(plain, row)) for row in rows], plain(notes))  # fmt: skip


def _intervals(page: str) -> Iterator[str]:
    """Every number lies within its interval, whose ends are in order."""
    for found in INTERVAL.finditer(plain(re.sub(r"<svg.*?</svg>", " ", page, flags=re.DOTALL))):
        number, low, high = map(value, found.groups())
        if not low <= number <= high:
            yield f"outside: {found[0]}"


def _percents(page: str) -> Iterator[str]:
    """No share is beyond 100 %."""
    text = plain(re.sub(r"<svg.*?</svg>", " ", page, flags=re.DOTALL))
    yield from (f"beyond 100 %: {found[0]}" for found in PERCENT.finditer(text) if value(found[1]) > 100)


def _table(table: Table) -> Iterator[str]:
    for place, head in enumerate(table.heads):
        cells = [row[place] for row in table.rows if len(row) > place]
        if "accuracy, %" in head or "error, %" in head or "% of" in head:
            yield from (f"{table.name}, {head}: {cell}" for cell in cells if _beyond(cell))
    yield from _seeds(table)
    yield from _samples(table)
    yield from _told(table)
    if table.name in ("claims", "hypotheses"):
        told = Counter(tuple(row) for row in table.rows)
        yield from (f"{table.name}: twice {row[0]}" for row, times in told.items() if times > 1)
        numbers = Counter((row[0], *row[3:]) for row in table.rows) if table.name == "claims" else {}
        yield from (f"claims: {row[0]} in two views alike" for row, times in numbers.items() if times > 1)
    if table.name.startswith("certificates"):
        yield from _bounds(table)


def _beyond(cell: str) -> bool:
    """Whether a share or an end of its interval is none; texts beside it may hold other numbers."""
    found = INTERVAL.match(cell)
    return bool(found) and not all(0 <= value(end) <= 100 for end in found.groups())


def _seeds(table: Table) -> Iterator[str]:
    """What rows say of their seeds lies within what the caption says, and reaches both of its ends."""
    said = SEEDS.search(table.caption)
    cells = [found for row in table.rows for cell in row for found in re.findall(r", (\d+) seeds?\b", cell)]
    if not said or not cells:
        return
    low, high = int(said[1] or said[2]), int(said[2])
    found = {int(seeds) for seeds in cells}
    if not low <= min(found) <= max(found) <= high:
        yield f"{table.name}: {said[0]} over rows of {sorted(found)}"


def _bounds(table: Table) -> Iterator[str]:
    """What is certified is right, and no more than what attacks leave of the same images."""
    named = [head for head in table.heads if not head.startswith(("Model", "Clean", "Worst", "Gap", "Decided"))]
    for row in table.rows:
        cells = dict(zip(table.heads, row, strict=False))
        clean, gap = (next((cell for head, cell in cells.items() if head.startswith(name)), "") for name in
                      ("Clean", "Gap"))  # fmt: skip
        for head in named:
            numbers = [re.match(SIGNED, cell) for cell in (clean, cells.get(head, ""))]
            if all(numbers) and value(numbers[1][1]) > value(numbers[0][1]):
                yield f"{table.name}: {row[0]} certified {cells[head]} of clean {clean} by {head}"
        if gap.startswith("−"):
            yield f"{table.name}: {row[0]} certified above what attacks leave, {gap}"


def _samples(table: Table) -> Iterator[str]:
    """No two numbers of images stand under one caption unless rows or columns say which is whose."""
    said = re.search(r"n = [\d,]+ to [\d,]+", table.caption)
    if said and not any(
        re.search(r"n = \d", text) for text in (*table.heads, *(cell for row in table.rows for cell in row))
    ):
        yield f"{table.name}: {said[0]} in columns that are compared"


def _told(table: Table) -> Iterator[str]:
    """Every letter at a dash is explained beneath its table."""
    used = {found for row in table.rows for cell in row for found in re.findall(r"– ([a-z])(?![a-z])", cell)}
    yield from (
        f"{table.name}: dash {mark} without a reason" for mark in sorted(used) if f"–{mark} " not in table.notes
    )
