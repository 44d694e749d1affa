"""A page says so when it is older than what it should show."""

import re
from datetime import datetime
from pathlib import Path

from distillab.core.files import write_text

MARK = 'class="outdated"'

NOTE = (
    f'<p role="status" {MARK}><strong>This page is older than what it should show.</strong> A run that makes it anew '
    "began on {began} and has not come to it; the numbers below are those of an earlier run.</p>"
)


def mark_outdated(page: Path, began: datetime) -> None:
    """Put a note on top of a page that a run is about to make anew; the run replaces it, unless it is cut off."""
    try:
        text = page.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return
    note = NOTE.format(began=f"{began:%Y-%m-%d %H:%M}")
    if MARK not in text:
        write_text(page, re.sub(r"(<main\b[^>]*>)", lambda found: found[1] + note, text, count=1))
