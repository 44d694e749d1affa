"""What a page says and draws is what a person has approved: no word, number, column or line has moved unnoticed."""

from pathlib import Path

import pytest
from approved import KEPT_WHOLE, differences, kept, lines_of, path_of
from variants import VARIANTS

HOW = "read the difference; where it is meant, `python tests/reports/approved.py` approves it"


CASES = [
    pytest.param(
        make, page, id=f"{make.__name__}-{page}", marks=() if make.__name__ == KEPT_WHOLE else pytest.mark.slow
    )
    for make, pages in VARIANTS.items()
    for page in pages
]
MADE: dict[str, Path] = {}


@pytest.fixture
def made(tmp_path_factory):
    """A function from a variant to its tables, which are made once."""

    def tables_of(make):
        name = make.__name__
        if name not in MADE:
            MADE[name] = make(tmp_path_factory.mktemp(name) / "tables")
        return MADE[name]

    return tables_of


@pytest.mark.parametrize(("make", "page"), CASES)
def test_a_page_says_and_draws_what_was_approved(made, make, page):
    name, tables = make.__name__, made(make)
    old = path_of(name, page).read_text(encoding="utf-8").splitlines()
    found = list(differences(old, kept(name, lines_of(page, tables))))
    assert not found, "\n".join([HOW, *found[:5]])


def test_a_difference_is_a_word_a_number_or_a_line_but_no_rounding():
    line = "<drawing ab 20 numbers, sum {}: 1 / 2>"
    same = differences([line.format("1234.56789")], [line.format("1234.56791")])
    assert list(same) == []
    assert len(list(differences([line.format("1234.56789")], [line.format("1234.5684")]))) == 1
    assert len(list(differences(["a", "b"], ["a", "c"]))) == 1
    assert len(list(differences(["a"], ["a", "b"]))) == 1
    assert len(list(differences(["a b"], ["a"]))) == 1
