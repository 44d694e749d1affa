"""What stands around panels: titles and names in lines, none on another, in room that is kept for them."""

from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from distillab.reporting.charts import Axis, Chart, Reference
from distillab.reporting.drawing import panels_of
from distillab.reporting.lettering import LINE, name_lines, title_lines
from distillab.reporting.margins import SMALL, WIDTH, room_of


def chart(names, *, values=None, **more):
    rows = [{"name": name, "look": 0, "x": x, "y": (values or {}).get(name, 0.5), "low": 0.1, "high": 0.9}
            for name in names for x in (0.0, 1.0)]  # fmt: skip
    return Chart(pd.DataFrame(rows), x=Axis("x", "across"), y=Axis("y", "up", limits=(0, 1)), line="name", look="look",
                 **more)  # fmt: skip


def boxes(figure):
    """Every text of a figure by what it says, as its box in pixels."""
    FigureCanvasAgg(figure).draw()
    texts = [*figure.texts, *(text for ax in figure.axes for text in
                              [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels()])]  # fmt: skip
    return [(text.get_text(), Text.get_window_extent(text)) for text in texts if text.get_text().strip()]


@pytest.mark.parametrize("names", [list("abcdefg"), ["a long name of a line that breaks", "x", "another long name"]])
def test_names_of_lines_that_end_at_one_place_do_not_touch_and_stay_in_the_panel(names):
    (figure,) = panels_of(chart(names, references=(Reference("y", 0.5, "chance"),)))
    found = boxes(figure)
    assert {text.replace("\n", " ") for text, _ in found} >= {*names, "chance", "across", "up"}
    width, height = figure.bbox.width, figure.bbox.height
    for place, (_, box) in enumerate(found):
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
        for _, other in found[place + 1 :]:
            assert not box.shrunk(0.98, 0.9).overlaps(other.shrunk(0.98, 0.9))


def test_dollars_in_titles_and_names_are_no_formulas():
    """Matplotlib sets what is between two dollars as a formula, and refuses what is none."""
    shown = chart(["$a_$ and $b^$"])
    shown.frame["panel"] = "costs $1^ to $2_"
    (figure,) = panels_of(replace(shown, panel="panel"))
    said = {text for text, _ in boxes(figure)}
    assert {r"costs \$1^ to \$2_", r"\$a_\$ and \$b^\$"} <= said


def test_names_stand_in_the_order_of_their_lines_and_at_them_where_there_is_room():
    (figure,) = panels_of(chart(list("abc"), values={"a": 0.1, "b": 0.9, "c": 0.5}))
    (ax,) = figure.axes
    places = {text.get_text(): text.xyann[1] for text in ax.texts}
    assert places == {"a": pytest.approx(0.1), "b": pytest.approx(0.9), "c": pytest.approx(0.5)}


def test_more_names_than_a_panel_has_room_for_make_it_higher():
    few, many = (room_of(chart([f"line {n} whose name breaks" for n in range(count)])) for count in (2, 7))
    assert few.height == 150
    assert many.height == LINE * 14


def test_rows_make_a_panel_as_high_as_they_need_and_keep_room_for_their_names():
    frame = pd.DataFrame({"row": ["a", "a name with more letters"], "x": [0.0, 1.0], "said": ["1 %", "100 %"]})
    short, long = (room_of(Chart(part, x=Axis("x"), y=Axis("row", scale="names"), kind="rows", said="said"))
                   for part in (frame[:1], frame))  # fmt: skip
    assert short.height < long.height
    assert short.left < long.left
    assert short.right < long.right
    assert long.left + long.right + long.inner == WIDTH


def test_small_panels_are_so_wide_that_two_stand_side_by_side_on_a_phone():
    assert room_of(chart(["a"], small=True)).width == SMALL
    assert 2 * SMALL < WIDTH


def test_equal_units_make_a_square_of_a_square():
    corners = pd.DataFrame({"name": "", "look": 0, "x": [0.0, 1.0], "y": [0.0, 1.0]})
    room = room_of(Chart(corners, x=Axis("x"), y=Axis("y"), line="name", look="look", equal=True))
    assert room.height == pytest.approx(room.inner)


def test_lines_of_names_are_even_and_of_titles_as_long_as_the_panel():
    assert name_lines("CE") == ["CE"]
    assert name_lines("as float32 reads it") == ["as float32", "reads it"]
    assert name_lines("") == [""]
    assert title_lines("", WIDTH) == []
    assert len(title_lines("x " * 40, WIDTH)) == 2
