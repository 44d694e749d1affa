"""What figures share: room for legends and labels, the ticks above a panel that is left out, notes."""

import pandas as pd
import pytest

from distillab.reporting import panels
from distillab.reporting.drawing import canvas, style
from distillab.reporting.palette import MUTED


@pytest.mark.parametrize(
    ("count", "letters", "fit"),
    [
        (0, 0, 1),
        (1, 5, 1),
        (3, 5, 3),
        (9, 2, 8),
        (12, 4, 8),
        (12, 5, 7),
        (12, 13, 5),
        (12, 28, 2),
        (12, 101, 1),
        (2, 200, 1),
    ],
)
def test_a_legend_has_as_many_names_in_a_row_as_110_letters_hold_and_at_most_eight(count, letters, fit):
    """Nine letters besides each name: its line and the gap."""
    assert panels.in_a_row(["x" * letters] * count) == fit


def test_the_longest_name_decides_and_names_that_come_again_count_once():
    assert panels.in_a_row(["a", "b" * 46, "c"]) == 2
    assert panels.legend_height(["a", "b", "a"]) == pytest.approx(0.43 + 0.19)
    assert panels.legend_height([str(i) for i in range(8)]) == pytest.approx(0.43 + 0.19)
    assert panels.legend_height([str(i) for i in range(9)]) == pytest.approx(0.43 + 2 * 0.19)
    assert panels.legend_height([]) == pytest.approx(0.43)


def test_labels_of_rows_get_room_by_the_longest():
    assert panels.label_width(["abc", "a"]) == pytest.approx(0.3 + 3 * 0.085)
    assert panels.label_width([]) == pytest.approx(0.3)


def ticks_shown(ax):
    return ax.xaxis.get_tick_params()["labelbottom"]


def test_panels_above_one_that_is_left_out_show_the_ticks_and_the_legend_names_each_line_once():
    with style():
        figure, axes = canvas(2, 3, height=1, left=1, top=1)
        for index, ax in enumerate(axes):
            ax.plot([0, 1], [0, 1], label=f"line {index % 2}")
        panels.finish(figure, axes, 4, xlabel="distance", legend=True)
    assert [ax.get_visible() for ax in axes] == [True] * 4 + [False] * 2
    assert [ticks_shown(ax) for ax in axes] == [False, True, True, True, True, True]
    assert figure.get_supxlabel() == "distance"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["line 0", "line 1"]
    assert legend._ncols == 2


def test_without_a_common_axis_or_legend_there_is_none():
    with style():
        figure, axes = canvas(1, 1, height=1, left=1, top=1)
        axes[0].plot([0, 1], [0, 1], label="line")
        panels.finish(figure, axes, 1)
    assert figure.get_supxlabel() == ""
    assert figure.legends == []


def test_a_note_stands_just_above_its_place():
    with style():
        _, (ax,) = canvas(1, 1, height=1, left=1, top=1)
        panels.note(ax, "chance", (1, 0.1), ("axes fraction", "data"), ha="right")
    (text,) = ax.texts
    assert (text.get_text(), text.xy, text.xycoords) == ("chance", (1, 0.1), ("axes fraction", "data"))
    assert (text.get_position(), text.anncoords) == ((0, 3), "offset points")
    assert (text.get_ha(), text.get_color(), text.get_fontsize()) == ("right", MUTED, 9)


def test_lines_have_a_marker_at_about_every_eighth_place():
    frame = pd.DataFrame({"defense": "ce", "label": "CE", "x": range(40), "y": 0.5})
    with style():
        for places, every in ((40, 5), (7, 1)):
            _, (ax,) = canvas(1, 1, height=1, left=1, top=1)
            panels.draw_lines(ax, frame[:places], x="x", y="y")
            assert ax.lines[0].get_markevery() == every
            assert (ax.lines[0].get_label(), ax.get_xlabel(), ax.get_ylabel(), ax.get_legend()) == ("CE", "", "", None)


def test_a_canvas_is_as_high_as_its_lines_and_as_wide_as_the_page():
    with style():
        figure, axes = canvas(2, 3, height=1.5, left=0.7, top=0.4, share_y=False)
    width, height = figure.get_size_inches()
    assert (width, height) == pytest.approx((9.2, 0.4 + 2 * 1.5 + 0.5 + 0.55))
    inches = [(box.x0 * width, box.y0 * height, box.width * width, box.height * height)
              for box in (ax.get_position() for ax in axes)]  # fmt: skip
    panel = (9.2 - 0.7 - 0.15 - 2 * 0.6) / 3
    assert inches[0] == pytest.approx((0.7, 0.55 + 1.5 + 0.5, panel, 1.5))
    assert inches[5] == pytest.approx((0.7 + 2 * (panel + 0.6), 0.55, panel, 1.5))
