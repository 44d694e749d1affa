"""Units say their range."""

import pytest

from distillab.tables.units import UNITS, Unit


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("share", "0 to 1"), ("signed share", "-1 to 1"), ("index", "at least -1"), ("nats", "at least 0"),
        ("signed nats", ""), ("text", ""), ("probability distance", "0 to 2"),
    ],
)  # fmt: skip
def test_the_range_in_words(unit, said):
    assert UNITS[unit].range == said


def test_numbers_with_a_fraction_are_told_without_rounding():
    assert Unit("", low=0.25, high=8.5).range == "0.25 to 8.5"


def test_what_counts_is_whole_and_what_measures_is_not():
    whole = {name for name, unit in UNITS.items() if unit.kind == "int64"}
    assert whole == {"index", "count", "images", "seeds"}
    assert all(unit.says for unit in UNITS.values())
