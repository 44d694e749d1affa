"""What stands in a cell: the same content as HTML, as text, and as the number that a column is sorted by."""

from math import isnan, nan

import pytest

from distillab.reporting.cells import (
    Absent,
    Graded,
    Measured,
    arrow,
    beside,
    bounds_of,
    html_of,
    known,
    lines,
    quiet,
    text_of,
    verdict,
)
from distillab.reporting.display import percent

CASES = [
    ("<b>", "&lt;b&gt;", "<b>"),
    (0.5, '<span class="cell">50.0</span>', "50.0"),
    (nan, '<span class="cell">–</span>', "–"),
    (Measured(0.5, 0.4, 0.6), '<span class="cell">50.0 <span class="interval">[40.0, 60.0]</span></span>',
     "50.0 [40.0, 60.0]"),
    (Measured(0.5), '<span class="cell">50.0</span>', "50.0"),
    (Measured(0.5, 0.4, nan), '<span class="cell">50.0</span>', "50.0"),
    (Measured(0.5, best=True), '<span class="cell"><strong>50.0</strong></span>', "**50.0**"),
    (Absent("<y>"), '<abbr class="missing" title="&lt;y&gt;">–</abbr>', "–"),
    (Absent("gone", "b"), '<abbr class="missing" title="gone">–<sup>b</sup></abbr>', "–b"),
    (Graded("<KD>", "V", ", net"), "&lt;KD&gt;, net", "<KD>, net"),
    (Graded("MKD", "S"), "MKD <span class='grade'>S</span>", "MKD (S)"),
    (arrow(up=True), '<span class="arrow up" role="img" aria-label="above LS">↑</span>', "↑"),
    (beside("a", "", quiet("<b>")), '<span class="cell">a <span class="interval">&lt;b&gt;</span></span>', "a <b>"),
    (lines("a", quiet("")), '<span class="cell">a</span>', "a"),
    (lines("a", 0.5), '<span class="cell">a<br><span class="cell">50.0</span></span>', "a; 50.0"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "html", "text"), CASES)
def test_a_content_is_written_for_a_page_and_for_a_record(content, html, text):
    assert html_of(content, percent) == html
    assert text_of(content, percent) == text


def test_a_number_that_is_none_says_why():
    assert known(None, absent="not run") == known(nan, absent="not run") == Absent("not run")
    assert known(0.5, None, 0.7, absent="").value == 0.5
    assert isnan(known(0.5, None, 0.7, absent="").low)


def test_a_column_is_sorted_by_the_first_number_of_a_cell():
    assert bounds_of(lines(verdict("distillable"), beside(Measured(0.1, 0.0, 0.2), "KD"), 3)) == (0.1, 0.0, 0.2)
    assert bounds_of(7)[0] == 7
    assert all(isnan(bounds_of(content)[0]) for content in ("7", Absent("gone"), quiet("8")))


@pytest.mark.parametrize("answer", ["distillable", "undistillable", "undecided", "no control", "nothing to steal"])
def test_every_verdict_has_its_own_shape(answer):
    others = {"distillable", "undistillable", "undecided", "no control", "nothing to steal"} - {answer}
    assert verdict(answer).shape
    assert all(verdict(answer).shape != verdict(other).shape for other in others)
    assert 'title="&lt;so&gt;"' in html_of(verdict(answer, "<so>"), percent)
