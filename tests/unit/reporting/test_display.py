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
        (0.9996, "1.00"),
        (9.996, "10.0"),
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


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.9996, "99.96"), (0.99996, "99.996"), (1.0, "100"), (0.0004, "0.04"), (-0.0004, "−0.04"), (0.0, "0")],
)
def test_a_share_that_is_not_all_or_none_is_not_written_as_such(share, said):
    assert display.percent(share) == said


def test_a_difference_that_is_not_zero_has_its_sign():
    assert [display.points(share) for share in (0.00004, -0.00004, 0.0)] == ["+0.004", "−0.004", "0"]


def test_what_rounding_alone_tells_from_an_end_is_that_end():
    assert (display.percent(1 - 1e-12), display.points(-1e-12)) == ("100", "0")


def test_a_setting_is_written_without_an_exponent_where_somebody_would():
    assert [display.setting(value) for value in (1000, 0.031372549, 20.0)] == ["1000", "0.0314", "20"]


def test_interval_is_left_out_where_none_is_claimed():
    assert "[1, 2]" in display.interval("1.5", "1", "2")
    assert display.interval("1.5", "–", "–") == "1.5"
