"""Words of others in Markdown, for the records that are kept in the repository."""

import re


def plain(text: str) -> str:
    """Words of others as Markdown shows them: no markup, no HTML, no cell's end."""
    return re.sub(r"([\\`*_\[\]|<>~$#])", r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Words of others as a span of code, in a cell too."""
    return f"`{' '.join(text.split()).replace('`', chr(39)).replace('|', chr(92) + '|')}`"
