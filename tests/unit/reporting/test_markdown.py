"""Words of others as a record writes them."""

from distillab.reporting.markdown import plain


def test_words_of_others_are_no_markup():
    assert plain("Büßer 8x8 (digits), 2.0") == "Büßer 8x8 (digits), 2.0"
    assert plain("a|b\n# `c` <b> [d](e)") == "a\\|b \\# \\`c\\` \\<b\\> \\[d\\](e)"
