"""What others wrote, as it can be shown in a line: short, and without characters that a terminal would obey."""

from reprlib import Repr

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


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
