"""What is declared of a figure: its panels, how many lines these have, what references stand at."""

import pandas as pd
import pytest

from distillab.reporting.charts import MOST, Axis, Chart, Reference, by_defense, crowds, spread


def chart(frame, **more):
    return Chart(frame, x=Axis("x"), y=Axis("y"), line="name", **more)


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (7, [7]), (8, [5, 4]), (13, [7, 7]), (14, [6, 6, 4])])
def test_a_crowd_comes_in_even_parts_of_seven_lines_at_most_that_share_the_first(count, sizes):
    parts = crowds([str(number) for number in range(count)])
    assert [len(part) for part in parts] == sizes
    assert all(part[0] == "0" for part in parts)
    assert sorted({name for part in parts for name in part}, key=int) == [str(number) for number in range(count)]


def test_controls_stand_in_every_part_and_nowhere_twice():
    names = [str(number) for number in range(12)]
    parts = crowds(names, ("3", "7"))
    assert all(part[:2] == ["3", "7"] and len(part) <= MOST for part in parts)
    assert sum(len(part) for part in parts) == 12 + 2 * (len(parts) - 1)


def test_panels_are_titled_in_the_order_of_their_rows_and_parts_are_counted():
    names = [f"n{number}" for number in range(9)]
    frame = pd.DataFrame([{"where": where, "name": name, "x": 0, "y": 0} for where in "ba" for name in names])
    titles = [title for title, _ in chart(frame, panel="where").panels()]
    assert titles == ["b, 1 of 2", "b, 2 of 2", "a, 1 of 2", "a, 2 of 2"]
    assert all(part["name"].nunique() <= MOST for _, part in chart(frame, panel="where").panels())
    assert [title for title, _ in chart(frame[:3]).panels()] == [""]


def test_a_reference_stands_at_a_place_or_at_each_panels_own():
    part = pd.DataFrame({"at": [0.3, 0.3]})
    assert Reference("x", 1.5).place(part) == 1.5
    assert Reference("x", "at").place(part) == 0.3
    assert Reference("x", "at").place(part.assign(at=float("nan"))) is None


def test_the_spread_over_seeds_is_their_mean_least_and_largest_in_the_order_of_the_rows():
    frame = pd.DataFrame({"key": ["b", "b", "a"], "seed": [0, 1, 0], "value": [1.0, 3.0, 5.0]})
    assert spread(frame, ["key"], "value").to_dict("list") == {
        "key": ["b", "a"], "value": [2.0, 5.0], "low": [1.0, 5.0], "high": [3.0, 5.0],
    }  # fmt: skip


def test_rows_stand_in_the_order_of_every_figure():
    frame = pd.DataFrame({"defense": ["cmim", "ce", "cmim"], "x": [1, 2, 3]})
    assert list(by_defense(frame)["x"]) == [2, 1, 3]
