"""The README is short, shows what a run shows, and says what its letters mean."""

import re
import sys
from pathlib import Path

import pytest
from documents import links, prose
from project import PROJECT, Project

README = PROJECT / "README.md"
LONGEST = 600
KNOWN = {"CHANGELOG", "CITATION", "CONTRIBUTING", "FAST", "MIT", "README"}
"""Words in capitals that are names of files, or of the license."""


def test_it_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").split()) <= LONGEST


def test_what_is_abbreviated_is_linked_or_said_in_full() -> None:
    """An acronym stands inside a link, or in brackets behind its words."""
    text = re.sub(r"\[[^\]]*\]\([^)]*\)|`[^`]*`", "", prose(README))
    bare = set(re.findall(r"\b[A-Z]{2,}\b", re.sub(r"\([A-Z]+\)", "", text)))
    assert bare <= KNOWN


def test_papers_are_linked_where_they_can_be_read() -> None:
    papers = [link for link in links(README) if re.match(r"https://(arxiv\.org/abs|openreview\.net|doi\.org)/", link)]
    assert len(papers) >= 10


def test_its_picture_is_one_that_a_run_makes(finished: Project, tmp_path: Path) -> None:
    sys.path.insert(0, str(PROJECT / "tests" / "reports"))
    from browser import why_not
    from PIL import Image

    if why_not():
        pytest.skip(why_not())
    page, picture = finished.results / "reports" / "index.html", tmp_path / "index.png"
    finished.run("python", "docs/picture.py", str(page), str(picture))
    kept, taken = Image.open(PROJECT / "docs" / "index.png"), Image.open(picture)
    assert kept.size == taken.size
    assert len(taken.convert("RGB").getcolors(1 << 20)) > 10
    assert "![The overview page" in README.read_text(encoding="utf-8")
