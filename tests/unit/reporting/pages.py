"""Pages as words: what a reader sees, without the tags."""

import re
from html import unescape

_ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)


def words(html: str) -> str:
    """The text of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def rows_of(html: str) -> list[str]:
    """The text of each row of the tables, the first header left out."""
    return [words(row) for row in _ROW.findall(html)][1:]


def row_of(html: str, name: str) -> str:
    """The text of the first row that starts with ``name``."""
    return next(words(row) for row in _ROW.findall(html) if words(row).startswith(name))
