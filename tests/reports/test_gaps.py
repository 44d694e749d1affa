"""Pages of a run of which something, or everything, is missing."""

import re
from html import escape, unescape

import pytest
from gap_tables import HOSTILE
from in_process import PAGES, body
from variants import empty, gaps


@pytest.fixture(scope="module")
def with_gaps(tmp_path_factory):
    return gaps(tmp_path_factory.mktemp("gaps") / "tables")


@pytest.mark.parametrize("name", ["index", "certified"])
def test_a_page_of_a_run_with_gaps_lists_them_and_runs_no_reason(name, with_gaps):
    page = body(name, with_gaps)
    assert "18 of 49 cells failed or are missing" in page
    assert "What is missing, and why: 36 files" in page
    assert f"<code>ast-papernot_digits--kd-cnn_digits-s2</code> {escape(HOSTILE)}</li>" in page
    assert "<script" not in page
    titles = {unescape(title) for title in re.findall(r'<abbr class="missing" title="([^"]*)"', page)}
    assert name == "index" or f"{HOSTILE} (3 files)" in titles


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_nothing_says_so_in_one_sentence(name, tmp_path):
    page = re.sub(r"<style.*?</style>|<[^>]*>", " ", body(name, empty(tmp_path / "tables")), flags=re.DOTALL)
    assert page.count("Nothing of this run is there yet") == 1
    assert not re.search(r"\b(nan|inf|None|NaN|NaT)\b", page)
