import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from distillab.core.errors import ContractError
from distillab.reporting.charts import Axis, Chart, Outline, Reference
from distillab.reporting.drawing import panels_of, show, style
from distillab.reporting.examples import png
from distillab.reporting.lettering import as_label
from distillab.reporting.matrix_views import gain_chart
from distillab.reporting.palette import _DEFENSES, LIGHT

LINE = pd.DataFrame({"name": "CE", "look": "cmim", "x": [0.0, 1 / 3], "y": [0.0, 1 / 7], "low": 0.0, "high": 0.2})


def chart(frame=LINE, **more):
    own = {"x": Axis("x", "distance", ticks=(0.0, 0.1, 0.3)), "y": Axis("y")} | more
    return Chart(frame, line="name", look="look", **own)


def drawn(name="fig", **options):
    return show(chart(), name=name, **{"alt": "a line", "caption": "<b>It rises.</b>", **options}).text


def axes_of(made):
    return [figure.axes[0] for figure in panels_of(made)]


def test_a_figure_has_alt_text_theme_and_text_that_can_be_read_aloud():
    text = drawn()
    assert 'role="img" aria-label="a line"' in text
    assert "var(--blue)" in text
    assert not set(LIGHT.values()) & set(re.findall(r"#[0-9a-f]{6}", text))
    assert ">distance<" in text
    assert "<style" not in text


def test_equal_figures_have_equal_bytes_and_own_ids():
    assert drawn() == drawn()
    ids = [set(re.findall(r'\bid="([^"]+)"', drawn(name))) for name in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_every_reference_within_a_figure_has_its_place():
    text = drawn()
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) <= set(re.findall(r'\bid="([^"]+)"', text))


def test_coordinates_are_rounded_and_what_is_read_is_not():
    text = show(chart(x=Axis("x", ticks=(0.0, 0.125, 0.3))), name="fig", alt="a line", caption="c").text
    assert ">0.125<" in text
    paths = re.findall(r'\bd="([^"]+)"', text)
    assert paths
    assert not re.search(r"\d\.\d{3}", "".join(paths))


@pytest.mark.parametrize("empty", ["alt", "caption"])
def test_a_figure_without_words_is_refused(empty):
    with pytest.raises(ContractError, match="alt text"):
        drawn(**{empty: " "})


def test_the_style_ignores_and_restores_the_readers_settings():
    with mpl.rc_context({"axes.grid": False, "lines.linewidth": 9}):
        with style():
            assert mpl.rcParams["axes.grid"]
        assert mpl.rcParams["lines.linewidth"] == 9


def test_the_data_of_a_figure_is_one_click_away():
    assert 'download="fig.csv"' in drawn(data=pd.DataFrame({"x": [1]}))


def test_all_panels_are_as_large_and_counted_in_the_page():
    frame = pd.concat([LINE.assign(panel="a"), LINE.assign(panel="b with more ticks", y=[0.0, 5000.0])])
    made = show(chart(frame, panel="panel"), name="fig", alt="a", caption="c").text
    assert 'class="drawing two"' in made
    assert len(set(re.findall(r'viewBox="([^"]*)"', made))) == 1


def test_gains_are_drawn_in_points_at_their_place():
    cells = pd.DataFrame({
        "row": ["a", "b"], "defense": ["ce", "ls"], "attack_label": "KD", "delta": [0.01, -0.02],
        "delta_low": [0.0, -0.03], "delta_high": [0.02, -0.01],
    })  # fmt: skip
    (ax,) = axes_of(gain_chart(cells, 0.003, panel="attack_label"))
    marks = {tuple(np.round(line.get_xydata()[0], 6)) for line in ax.lines if line.get_marker() in {"o", "s"}}
    assert marks == {(1.0, 0.0), (-2.0, 1.0)}


def test_every_listed_defense_has_one_marker_on_its_row():
    keys = list(_DEFENSES)
    cells = pd.DataFrame({"row": keys, "defense": keys, "delta": 0.01, "delta_low": 0.0, "delta_high": 0.02})
    (ax,) = axes_of(gain_chart(cells, 0.003))
    marks = [line.get_xydata().tolist() for line in ax.lines if line.get_gid() != "reference"]
    assert marks == [[[1.0, float(row)]] for row in range(len(keys))]


def test_far_gains_are_drawn_on_a_logarithmic_scale_and_say_so():
    cells = pd.DataFrame({
        "row": ["a"], "defense": "ce", "delta": [0.01], "delta_low": [0.0], "delta_high": [0.02],
    })  # fmt: skip
    near, far = (gain_chart(cells.assign(delta=gain), 0.003) for gain in (0.09, -0.4))
    assert [made.x.scale for made in (near, far)] == ["linear", "symlog"]
    assert "logarithmic beyond ±1" in far.x.title
    assert "logarithmic" not in near.x.title
    (ax,) = axes_of(far)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["−10", "−1", "0", "1"]


def test_an_image_becomes_a_png_of_its_pixels():
    assert png(np.zeros((2, 2, 1))).startswith("data:image/png;base64,")
    assert png(np.zeros((2, 2, 3))) != png(np.ones((2, 2, 3)))


def test_a_band_lies_between_the_bounds_and_the_line_at_its_values():
    (ax,) = axes_of(chart(y=Axis("y", low="low", high="high", factor=100), bounds="band"))
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([0.0, 100 / 7])
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.0, 20.0))


def test_strokes_of_one_line_are_not_joined_and_a_missing_value_is_a_gap():
    frame = pd.concat([LINE.assign(way=None), LINE.assign(way="b", y=[0.1, None])])
    (ax,) = axes_of(chart(frame, path="way"))
    assert len(ax.lines) == 2
    assert np.isnan(ax.lines[1].get_ydata()).tolist() == [False, True]
    assert [text.get_text() for text in ax.texts] == ["CE"], "one name for both"


def test_points_have_an_area_and_stand_in_their_shape():
    points = pd.DataFrame({"look": [0, 1], "name": "", "count": [4, 1], "x": [0.1, 0.9], "y": [0.05, 0.0]})
    triangle = Outline(((0, 0), (1, 0), (0.5, 0.9)))
    (ax,) = axes_of(chart(points, kind="points", size="count", shapes=(triangle,), bare=True, equal=True))
    assert [each.get_offsets().tolist() for each in ax.collections] == [[[0.1, 0.05]], [[0.9, 0.0]]]
    assert ax.collections[0].get_sizes()[0] == 2 * ax.collections[1].get_sizes()[0]
    assert ax.patches[0].get_xy()[:3].tolist() == [[0, 0], [1, 0], [0.5, 0.9]]
    assert not ax.axison


def test_a_reference_is_named_at_its_place_and_a_band_is_not_named():
    references = (Reference("x", 0.2, "chosen"), Reference("y", 0.1, "chance"), Reference("y", 0, until=0.05))
    (ax,) = axes_of(chart(references=references))
    assert [line.get_gid() for line in ax.lines].count("reference") == 2
    assert {text.get_text() for text in ax.texts} == {"CE", "chosen", "chance"}
    assert next(text for text in ax.texts if text.get_text() == "chosen").xy == (0.2, 1)


def test_names_of_others_are_text_and_no_formulas():
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.subplots()
    for position, name in enumerate(["$\\foo$", "$a$ and $b$", "_hidden", "<b>&"]):
        ax.plot([0, 1], [position, 1], label=as_label(name))
    legend = ax.legend()
    figure.canvas.draw()
    said = [text.get_text().replace("\\$", "$").strip("\u2009") for text in legend.get_texts()]
    assert said == ["$\\foo$", "$a$ and $b$", "_hidden", "<b>&"]


def test_a_formula_as_the_name_of_a_line_is_drawn_as_it_stands():
    assert ">$a$<" in show(chart(LINE.assign(name="$a$")), name="fig", alt="a", caption="c").text
