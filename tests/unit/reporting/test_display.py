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
