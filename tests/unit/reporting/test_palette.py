import itertools

import pytest

from distillab.defenses import DEFENSES
from distillab.reporting import palette

THEMES = {"light": palette.LIGHT, "dark": palette.DARK}


def luminance(color):
    """Relative luminance in [0, 1] of an sRGB hex color.

    Reference: WCAG 2.2, definition of relative luminance.
    """
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def lightness(color):
    y = luminance(color)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_luminance_of_black_white_and_red():
    assert luminance("#000000") == 0
    assert luminance("#ffffff") == pytest.approx(1)
    assert luminance("#ff0000") == pytest.approx(0.2126)


@pytest.mark.parametrize("theme", THEMES)
def test_no_two_method_colors_share_a_gray(theme):
    levels = sorted(lightness(THEMES[theme][name]) for name in palette.METHOD_COLORS)
    assert min(b - a for a, b in itertools.pairwise(levels)) > 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_marks_and_text_contrast_with_the_page(theme):
    colors = THEMES[theme]
    assert all(
        contrast(colors[name], colors[page]) >= 3 for name in palette.METHOD_COLORS for page in ("paper", "band")
    )
    assert all(contrast(colors[name], colors[page]) >= 4.5 for name in ("ink", "muted") for page in ("paper", "band"))


def test_listed_methods_differ_in_more_than_color():
    looks = [palette.look(key) for key in palette._DEFENSES]
    assert len({look.marker for look in looks}) == len(looks)
    for a, b in itertools.combinations(looks, 2):
        assert a.color != b.color or a.line != b.line


def test_neighbors_in_a_series_differ_in_color_and_marker():
    looks = [palette.look(index) for index in range(7)]
    assert len({look.color for look in looks}) == len({look.marker for look in looks}) == len(looks)


def test_defenses_of_one_kind_share_a_color_and_no_two_kinds_do():
    kinds = (("ce", "ls"), ("nt", "snt", "ast"), ("st", "mad", "mad_argmax"), ("apgp", "rsp", "label_only"),
             ("cmim", "cmim_flat", "cmim_anchored"), ("madry", "trades"))  # fmt: skip
    colors = [{palette.look(key).color for key in kind} for kind in kinds]
    assert [len(each) for each in colors] == [1] * len(kinds)
    assert len(set.union(*colors)) == len(kinds)
    assert palette.look("cmim_omega_5").color == palette.look("cmim").color
    assert palette.look("trades_6").color == palette.look("trades").color


def test_eleven_attacks_differ_in_marker_and_in_color_or_line():
    looks = [palette.look(index) for index in range(11)]
    assert len({look.marker for look in looks}) == len({(look.color, look.line) for look in looks}) == len(looks)


def test_every_registered_defense_has_a_look_of_its_own():
    assert set(DEFENSES.names) <= palette._DEFENSES.keys()


def test_places_are_those_of_the_order_whatever_is_left_out():
    assert palette.places(["zeta", "cmim", "ce", "cmim"]) == [2, 1, 0, 1]


def test_a_look_does_not_depend_on_what_else_is_drawn():
    assert palette.look("a_new_defense") == palette.look("a_new_defense")
    assert palette.ordered(["zeta", "cmim", "alpha", "ce", "cmim"]) == ["ce", "cmim", "alpha", "zeta"]


def test_themed_leaves_no_palette_color_behind():
    svg = " ".join(palette.LIGHT.values())
    assert "#" not in palette.themed(svg)
    assert all(f"--{name}:" in palette.css() for name in palette.LIGHT)
    assert palette.LIGHT.keys() == palette.DARK.keys()
