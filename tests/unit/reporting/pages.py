"""Pages as words: what a reader sees, without the tags, and behind each dash its reason."""

import re
from html import unescape

_ROW = re.compile(r"<tr.*?</tr>", re.DOTALL)
_DASH = re.compile(r'<abbr class="missing" title="([^"]*)">–(?:<sup>\w</sup>)?</abbr>')


def words(html: str) -> str:
    """The text of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", _DASH.sub(r"– (\1)", html))).split())


def rows_of(html: str) -> list[str]:
    """The text of each row of the tables, the first header left out."""
    return [words(row) for row in _ROW.findall(html)][1:]


def row_of(html: str, name: str) -> str:
    """The text of the first row that starts with ``name``."""
    return next(words(row) for row in _ROW.findall(html) if words(row).startswith(name))
