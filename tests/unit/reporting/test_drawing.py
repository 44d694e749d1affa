import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from distillab.core.errors import ContractError
from distillab.reporting import figures, leak_figures
from distillab.reporting.drawing import as_label, canvas, show, style
from distillab.reporting.examples import png
from distillab.reporting.palette import LIGHT


def drawn(name="fig", **options):
    with style():
        figure, (ax,) = canvas(1, 1, height=1, left=1, top=0.3)
        ax.plot([0, 1], [0, 1], color=LIGHT["blue"], marker="o")
        ax.set_xlabel("distance")
        return show(figure, name=name, **{"alt": "a line", "caption": "<b>It rises.</b>", **options}).text


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


def test_coordinates_are_rounded_and_what_is_read_is_not():
    with style():
        figure, (ax,) = canvas(1, 1, height=1, left=1, top=0.3)
        ax.plot([0, 1 / 3], [0, 1 / 7])
        ax.set_xticks([0.0, 0.005, 0.01], ["0", "0.005", "0.010"])
        text = show(figure, name="fig", alt="a line", caption="c").text
    assert ">0.005<" in text
    assert ">0.010<" in text
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


def test_gains_are_drawn_in_points_at_their_place():
    cells = pd.DataFrame({
        "row": ["a", "b"], "defense": ["ce", "ls"], "attack_label": "KD", "delta": [0.01, -0.02],
        "delta_low": [0.0, -0.03], "delta_high": [0.02, -0.01],
    })  # fmt: skip
    with style():
        (ax,) = figures.deltas(cells, margin=0.003).axes
    marks = {tuple(np.round(line.get_xydata()[0], 6)) for line in ax.lines if line.get_marker() in {"o", "s"}}
    assert marks == {(1.0, 0.0), (-2.0, 1.0)}


def test_an_image_becomes_a_png_of_its_pixels():
    assert png(np.zeros((2, 2, 1))).startswith("data:image/png;base64,")
    assert png(np.zeros((2, 2, 3))) != png(np.ones((2, 2, 3)))


def test_a_band_holds_every_seed_and_the_line_is_their_mean():
    curves = pd.DataFrame({
        "defense": "ce", "label": "CE", "split": "test", "seed": [0, 0, 1, 1], "power": [0.0, 1.0, 0.0, 1.0],
        "cmi": [0.0, 0.2, 0.0, 0.4],
    })  # fmt: skip
    with style():
        (ax,) = leak_figures.concentration(curves).axes
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([0.0, 0.3])
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.0, 0.4))


def test_far_gains_are_drawn_on_a_logarithmic_scale_and_say_so():
    cells = pd.DataFrame({
        "row": "a", "defense": "ce", "attack_label": "KD", "delta": [0.01], "delta_low": [0.0], "delta_high": [0.02],
    })  # fmt: skip
    with style():
        near, far = (figures.deltas(cells.assign(delta=gain), margin=0.003) for gain in (0.09, -0.4))
    assert [figure.axes[0].get_xscale() for figure in (near, far)] == ["linear", "symlog"]
    assert "logarithmic beyond ±1" in far.get_supxlabel()
    assert "logarithmic" not in near.get_supxlabel()


def test_answers_stand_in_their_triangle_by_teacher_and_power():
    points = pd.DataFrame({
        "label": ["CE", "CE", "NT", "NT"], "power": [0.25, 4.0, 0.25, 4.0], "class_index": [0, 1, 0, 1],
        "name": ["class a", "class b", "class a", "class b"], "count": [4, 1, 1, 1], "x": [0.1, 0.9, 0.2, 1.0],
        "y": [0.05, 0.0, 0.1, 0.0],
    })  # fmt: skip
    with style():
        axes = leak_figures.triangles(points).axes
    places = [ax.collections[0].get_offsets().tolist() for ax in axes]
    assert places == [[[0.1, 0.05]], [[0.2, 0.1]], [[0.9, 0.0]], [[1.0, 0.0]]]
    assert axes[0].collections[0].get_sizes()[0] == 2 * axes[1].collections[0].get_sizes()[0]


def test_a_single_class_has_a_line_per_defense():
    curves = pd.DataFrame({"label": ["CE", "CE", "CMIM"], "name": "class a", "power": [0.0, 1.0, 1.0],
                           "cmi": [0.0, 0.4, 0.1]})  # fmt: skip
    with style():
        ce, cmim = leak_figures.classes(curves).axes
    assert ce.lines[0].get_ydata().tolist() == [0.0, 0.4]
    assert cmim.lines[0].get_ydata().tolist() == [0.1]


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
