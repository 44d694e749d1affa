import pandas as pd
import pytest

from distillab.reporting import display


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.98765, "0.988"),
        (97.25, "97.2"),
        (100.0, "100"),
        (1234.5, "1,230"),
        (0.0001234, "0.000123"),
        (0.0, "0"),
        (-0.5, "−0.500"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (None, "–"),
    ],
)
def test_number_has_three_significant_digits(value, expected):
    assert display.number(value) == expected


def test_percent_and_points_round_to_what_a_reader_compares():
    assert display.percent(0.97222) == "97.2"
    assert display.points(0.002777) == "+0.28"
    assert display.points(-0.1234) == "−12.3"
    assert display.points(0.0) == "0"


def test_interval_is_left_out_where_none_is_claimed():
    assert "[1, 2]" in display.interval("1.5", "1", "2")
    assert display.interval("1.5", "–", "–") == "1.5"


def test_missing_says_why_without_a_pointer_too():
    text = display.missing("not run <yet>")
    assert text.count("not run &lt;yet&gt;") == 2


@pytest.mark.parametrize("verdict", ["distillable", "undistillable", "undecided"])
def test_every_verdict_has_its_own_shape(verdict):
    others = {"distillable", "undistillable", "undecided"} - {verdict}
    shape = display.chip(verdict).split('aria-hidden="true">')[1][0]
    assert all(shape not in display.chip(other) for other in others)


def test_table_has_scoped_headers_and_keeps_html_cells():
    frame = pd.DataFrame({"a": ["<i>row</i>"], "b": ["<b>1</b>"]})
    text = display.table(frame, name="t", caption="c", labels={"a": "A", "b": "B"}, spanners={"S": ["b"]}).text
    assert "<i>row</i>" in text
    assert "<b>1</b>" in text
    assert all("scope=" in head for head in text.split("<th ")[1:])
    assert 'aria-labelledby="t-caption"' in text
    assert "<style" not in text
