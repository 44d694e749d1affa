"""Numbers and tables as a record writes them."""

from math import inf, nan

import pytest

from distillab.reporting.markdown import between, gain, markdown_table, plain, share, signed


def test_a_table_has_a_rule_as_wide_as_its_head():
    text = markdown_table(("a", "b"), [("1", "2"), ("3", "4")])
    assert text == "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"
    assert markdown_table(("a",), []) == "| a |\n| --- |"


def test_shares_are_in_percent_and_gains_in_points_with_their_bounds_in_order():
    assert share(0.5, 0.25, 0.75) == "50.0 [25.0, 75.0]"
    assert gain(0.01, -0.02, 0.03) == "+1.00 [−2.00, +3.00]"
    assert (share(0.5), gain(-0.01)) == ("50.0", "−1.00")
    assert (signed(0.5), signed(-2.0), signed(0.0)) == ("+0.500", "−2.00", "0")
    assert between(-1.0, 2.5) == "[−1.00, +2.50]"


@pytest.mark.parametrize(("low", "high"), [(None, 0.5), (0.5, None), (nan, 0.5), (0.5, nan), (-inf, 0.5), (0.5, inf)])
def test_an_interval_without_an_end_is_none(low, high):
    assert between(low, high) == "–"
    assert share(0.5, low, high) == "50.0"


def test_words_of_others_are_no_markup():
    assert plain("Büßer 8x8 (digits), 2.0") == "Büßer 8x8 (digits), 2.0"
    assert plain("a|b\n# `c` <b> [d](e)") == "a\\|b \\# \\`c\\` \\<b\\> \\[d\\](e)"
