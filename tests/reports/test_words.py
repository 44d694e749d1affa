"""No number of an attack that was cut short, or is weaker than another, stands on a page without the word."""

import re

import pytest
from in_process import body
from strength_tables import WORDS
from variants import three_seeds, two_of_everything
from words import unsaid

from distillab.reporting.strength import strength_words
from distillab.reporting.tables import Tables

WORD = re.compile("cut short|weaker")
SHOWN = {three_seeds: ("ta", "adversarial", "index"), two_of_everything: ("ta",)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Every variant's folder of tables, and its pages by name."""
    folders = {make: make(tmp_path_factory.mktemp(make.__name__) / "tables") for make in SHOWN}
    return {make: (folders[make], {name: body(name, folders[make]) for name in pages}) for make, pages in SHOWN.items()}


@pytest.mark.parametrize("make", SHOWN)
def test_no_page_shows_such_a_number_without_the_word(made, make):
    folder, pages = made[make]
    tables = Tables(folder)
    assert strength_words(tables)
    for name, page in pages.items():
        assert unsaid(page, tables) == [], name


def test_the_words_of_the_tables_are_those_on_the_pages(made):
    folder, pages = made[three_seeds]
    assert strength_words(Tables(folder)) == WORDS
    assert all(set(WORD.findall(page)) == set(WORDS.values()) for page in pages.values())


@pytest.mark.parametrize("name", ["ta", "adversarial"])
def test_a_page_that_lost_any_of_its_words_is_found(made, name):
    """Every mark beside a number, and every word in brackets, is one that something would be wrong without."""
    folder, pages = made[three_seeds]
    page, tables = pages[name], Tables(folder)
    bare = WORD.sub("", page)
    assert len(unsaid(bare, tables)) >= 3
    marks = [found.span() for found in re.finditer(r' <span class="strength">[^<]*</span>', page)]
    assert marks
    for start, end in marks:
        assert len(unsaid(page[:start] + page[end:], tables)) == 1


@pytest.mark.parametrize(
    ("name", "start", "place"),
    [
        ("index", "<dl id='validity", "validity"), ("adversarial", 'id="worst-1-caption"', "worst-1"),
        ("adversarial", 'download="robustness-curves', "robustness-curves"),
        ("adversarial", 'download="tradeoff', "tradeoff"),
        ("ta", 'download="fig-robustness', "fig-robustness"), ("ta", 'download="fig-one-norm', "fig-one-norm"),
        ("ta", 'download="fig-steps-averaged', "fig-steps-averaged"), ("ta", 'id="differences-caption"', "differences"),
        ("ta", 'id="claims-caption"', "claims"), ("ta", '<figure class="triptych"', "triptych"),
    ],
)  # fmt: skip
def test_a_caption_a_note_or_a_title_that_lost_the_words_is_found(made, name, start, place):
    folder, pages = made[three_seeds]
    page, tables = pages[name], Tables(folder)
    where = next(
        found.span() for found in re.finditer(r"<figure.*?</figure>|<dl id='validity'.*?</dl>", page, re.DOTALL)
        if start in found[0] and WORD.search(found[0])
    )  # fmt: skip
    bare = re.sub(r" \((cut short|weaker)[^()]*\)|; (cut short|weaker)[^;)]*|[^<>]* is (cut short|weaker)", "",
                  page[where[0] : where[1]])  # fmt: skip
    found = unsaid(page[: where[0]] + bare + page[where[1] :], tables)
    assert found
    assert {said.partition(":")[0] for said in found} == {place}


def test_curves_bound_robustness_from_above_and_say_so(made):
    page = made[three_seeds][1]["adversarial"]
    caption = re.search(r"Robust accuracy is at most(.*?)</figcaption>", page, re.DOTALL)[1]
    assert "other attacks may find more" in caption
    assert "C&amp;W L2 (cw_l2) (cut short on 1 and weaker on 1 of 19 models)" in caption
    assert "n = 128 images" in caption
    assert not any("no perturbation up to" in page for page in made[three_seeds][1].values())


def test_a_number_of_such_an_attack_is_not_among_the_best(made, tmp_path):
    """MAD's median is the largest once it is doubled; as it is cut short, another one is the best."""
    from pandas import read_parquet

    folder = three_seeds(tmp_path / "tables")
    frame = read_parquet(folder / "robustness.parquet")
    far = frame["median_distance"].where(~frame["model"].str.startswith("mad-"), 5.0)
    frame.assign(median_distance=far).to_parquet(folder / "robustness.parquet")
    table = body("adversarial", folder).split('id="robustness-caption"')[1].partition("</figure>")[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    cells = {row.partition("</th>")[0].rpartition(">")[2]: row.rpartition("<td")[2] for row in rows}
    assert ("5.00" in cells["MAD"], "<strong>" in cells["MAD"]) == (True, False)
    assert any("<strong>" in cell for cell in cells.values())
