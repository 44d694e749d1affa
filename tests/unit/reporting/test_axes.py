"""Where axes end, where ticks stand, and which ticks have a label."""

import pandas as pd
import pytest

from distillab.reporting.axes import labels_of, limits_of, thinned, ticks_of
from distillab.reporting.charts import Axis, Chart, Reference

FRAME = pd.DataFrame(
    {"panel": ["a", "b"], "x": [1.0, 100.0], "y": [0.2, 0.4], "rank": [1, 3], "low": [0.1, 0.4], "high": [0.2, 0.6]}
)
PARTS = [FRAME[:1], FRAME[1:]]


def chart(x=None, y=None, **more):
    return Chart(FRAME, x=x or Axis("x"), y=y or Axis("y", low="low", high="high", factor=100), **more)


def test_an_axis_holds_all_bounds_and_references_in_its_unit_with_a_little_room():
    drawn = chart(references=(Reference("y", 80.0), Reference("x", 900.0), Reference("y", -500, until=0)))
    assert limits_of(drawn, drawn.y, FRAME) == pytest.approx((10 - 4.9, 80 + 4.9)), "a band is no mark"


def test_panels_share_their_ends_unless_they_are_told_not_to():
    shared, own = chart(), chart(y=Axis("y", low="low", high="high", shared=False))
    assert {limits_of(shared, shared.y, part) for part in PARTS} == {limits_of(shared, shared.y, FRAME)}
    first, second = (limits_of(own, own.y, part) for part in PARTS)
    assert first == pytest.approx((0.093, 0.207))
    assert second == pytest.approx((0.386, 0.614))


def test_asked_for_ends_are_kept_and_a_logarithmic_axis_has_its_room_in_decades():
    drawn = chart(x=Axis("x", scale="log", limits=(None, 200)))
    low, high = limits_of(drawn, drawn.x, FRAME)
    assert (low, high) == (pytest.approx(10**-0.14), 200)


@pytest.mark.parametrize(
    ("axis", "ends", "labels"),
    [
        (Axis("x"), (0, 1), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Axis("rank"), (0.5, 3.5), ["1", "2", "3"]),
        (Axis("x"), (94, 98.5), ["94", "95", "96", "97", "98"]),
        (Axis("x", scale="log"), (0.9, 300), ["1", "2", "5", "10", "20", "50", "100", "200"]),
        (Axis("x", scale="log"), (0.9, 3e5), ["1", "10", "100", "1,000", "10,000", "100,000"]),
        (Axis("x", scale="symlog"), (-40, 4), ["−10", "−1", "0", "1"]),
        (Axis("x", ticks="values"), (0, 1000), ["1", "100"]),
        (Axis("x", ticks=(0, 0.25, 1, 8)), (0, 4), ["0", "0.25", "1"]),
    ],
)
def test_ticks_are_round_numbers_or_the_values_that_occur(axis, ends, labels):
    assert [label for _, label in ticks_of(axis, FRAME, ends)] == labels


def test_even_ticks_have_the_same_decimals_and_thousands_a_comma():
    assert labels_of([0.95, 1.0, 1.05]) == ["0.95", "1.00", "1.05"]
    assert labels_of([0.01, 0.1, 1]) == ["0.01", "0.1", "1"]
    assert labels_of([60.0, 1437.0]) == ["60", "1,437"]
    assert labels_of([-1000.0, -10.0, 0.0]) == ["−1,000", "−10", "0"]


def test_labels_that_would_touch_are_left_out_and_the_last_one_stays():
    ticks = [(1.0, "1"), (2.0, "2"), (2.1, "2.1"), (10.0, "10")]
    assert thinned(ticks, Axis("x"), (0, 11), 220) == ["1", "", "2.1", "10"]
    assert thinned(ticks, Axis("x"), (0, 11), 30) == ["", "2", "", "10"]
