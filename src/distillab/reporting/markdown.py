"""Words of others in Markdown, for the records that are kept in the repository."""

import re


def plain(text: str) -> str:
    """Words of others as Markdown shows them: no markup, no HTML, no cell's end."""
    return re.sub(r"([\\`*_\[\]|<>~$#])", r"\\\1", " ".join(text.split()))
