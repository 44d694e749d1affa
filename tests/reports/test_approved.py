"""What a page says and draws is what a person has approved: no word, number, column or line has moved unnoticed."""

import pytest
from approved import differences, kept, lines_of, path_of
from in_process import PAGES
from variants import VARIANTS

HOW = "read the difference; where it is meant, `python tests/reports/approved.py` approves it"


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda make: make.__name__)
def variant(request, tmp_path_factory):
    name = request.param.__name__
    return name, request.param(tmp_path_factory.mktemp(name) / "tables")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_and_draws_what_was_approved(variant, page):
    name, tables = variant
    old = path_of(name, page).read_text(encoding="utf-8").splitlines()
    found = list(differences(old, kept(name, lines_of(page, tables))))
    assert not found, "\n".join([HOW, *found[:5]])


def test_a_difference_is_a_word_a_number_or_a_line_but_no_rounding():
    line = "<drawing ab 20 numbers, sum {}: 1 / 2>"
    same = differences([line.format("1234.56789")], [line.format("1234.56790")])
    assert list(same) == []
    assert len(list(differences([line.format("1234.56789")], [line.format("1234.57789")]))) == 1
    assert len(list(differences(["a", "b"], ["a", "c"]))) == 1
    assert len(list(differences(["a"], ["a", "b"]))) == 1
    assert len(list(differences(["a b"], ["a"]))) == 1
