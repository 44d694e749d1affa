"""What others wrote, as it can be shown in a line: short, and without characters that a terminal would obey."""

import hashlib
from reprlib import Repr
from typing import Any

LONGEST_VALUE = 80
LONGEST_LINE = 900


def printable(text: str) -> str:
    """The text in one line: white space as single spaces, other characters that are not printed in Python's escapes."""
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """The text, its spaces as they are; other characters that are not printed in Python's escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)


def shortened(text: str, longest: int = LONGEST_LINE) -> str:
    """The text, without its middle where it is longer."""
    kept = (longest - 3) // 2
    return text if len(text) <= longest else f"{text[:kept]}...{text[-kept:]}"


def shown(value: object) -> str:
    """The value as it would be written in Python, however large it is: its first items, the ends of its texts."""
    short = Repr()
    short.maxlevel, short.maxdict, short.maxlist, short.maxtuple = 3, 4, 6, 6
    short.maxstring, short.maxother = 60, 60
    return shortened(printable(short.repr(value)), LONGEST_VALUE)


def without_queries(content: Any) -> Any:  # noqa: ANN401 - any JSON value
    """JSON as others may see it: of each ``url`` what follows ``?`` is its hash, which tells models apart."""
    if isinstance(content, dict):
        return {
            name: _without_query(value) if name == "url" else without_queries(value) for name, value in content.items()
        }
    return [*map(without_queries, content)] if isinstance(content, list | tuple) else content


def _without_query(url: object) -> object:
    if not isinstance(url, str) or "?" not in url:
        return without_queries(url)
    path, _, query = url.partition("?")
    return f"{path}?{hashlib.blake2b(query.encode(errors='backslashreplace'), digest_size=8).hexdigest()}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
