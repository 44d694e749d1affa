"""The pages of a real run, whose C&W makes too few steps: none shows a number of it without saying so."""

import re
import sys
from pathlib import Path

import pytest
from project import Project

from distillab.reporting.strength import strength_words
from distillab.reporting.tables import Tables

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))

from words import unsaid

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("name", ["index", "undistillable", "ta"])
def test_no_page_of_a_run_shows_an_attack_that_was_cut_short_without_the_words(finished: Project, name: str) -> None:
    tables = Tables(finished.results / "tables" / name)
    page = (finished.results / "reports" / f"{name}.html").read_text(encoding="utf-8")
    assert set(strength_words(tables).values()) == {"cut short"}, "20 steps are too few, or nothing is tested here"
    assert unsaid(page, tables) == []
    assert unsaid(re.sub("cut short", "", page), tables)
