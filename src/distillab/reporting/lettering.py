"""Text in figures: how much room it takes, where its lines break, and that nobody's name is read as a formula."""

from textwrap import wrap

LETTER = 6.3
"""Points of a letter, about."""
DIGIT = 7.0
"""Points of a digit."""
LINE = 13.5
"""Points from one line to the next."""

_BOLD = 7.2
_NAME = 17


def as_label(name: str) -> str:
    """A name that others gave, as text in a figure: matplotlib reads formulas between dollars, and hides ``_names``."""
    return ("\u2009" if name.startswith("_") else "") + name.replace("$", "\\$")


def title_lines(title: str, width: float) -> list[str]:
    """A title in lines that a panel has room for."""
    return wrap(title, int(width / _BOLD)) if title else []


def name_lines(name: str) -> list[str]:
    """A name of a line or a row in lines of about 17 letters, as even as can be."""
    count = -(-len(name) // _NAME)
    return wrap(name, -(-len(name) // count) + 3 if count > 1 else _NAME) if name else [""]
