"""The pages of a real run say nothing untrue of its numbers."""

import sys
from pathlib import Path

import pytest
from project import Project

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))

from truth import tables_of, untrue

pytestmark = pytest.mark.workflow


def test_no_page_of_a_run_says_what_is_not_so(finished: Project) -> None:
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (finished.results / "reports").glob("*.html")}
    assert len(pages) >= 4
    assert all(tables_of(page) for name, page in pages.items())
    assert {name: untrue(page) for name, page in pages.items()} == {name: [] for name in pages}
