"""Words of others as a record writes them."""

from distillab.reporting.markdown import code, plain


def test_words_of_others_are_no_markup():
    assert plain("Büßer 8x8 (digits), 2.0") == "Büßer 8x8 (digits), 2.0"
    assert plain("a|b\n# `c` <b> [d](e)") == "a\\|b \\# \\`c\\` \\<b\\> \\[d\\](e)"


def test_code_of_others_ends_neither_its_span_nor_its_cell():
    assert code("a`b | c\nd") == "`a'b \\| c d`"
