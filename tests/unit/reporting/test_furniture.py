"""The furniture of a page: anchors of their own, notes once, terms with their meaning, papers to cite."""

import json
import re
from pathlib import Path

import pytest

from distillab.reporting.furniture import furnished

TEMPLATE = Path(__file__).parents[3] / "reports" / "template"


@pytest.fixture
def folder(tmp_path):
    paper = {
        "key": "k2020",
        "authors": "Ann Bee and Cee Dee and Eff Gee",
        "year": 2020,
        "title": "On <T>",
        "arxiv": "1.2",
    }
    (tmp_path / "papers.json").write_text(json.dumps({"mine": [paper]}))
    (tmp_path / "glossary.json").write_text(json.dumps({"KD": "a <way>", "C&W": "an attack", "XY": "not here"}))
    return tmp_path


def test_every_heading_has_an_anchor_of_its_own_and_sections_make_the_contents(tmp_path):
    page = furnished('<p id="a-b">x</p><h2>A, b!</h2><h3>A b</h3><h2>C <em>d</em></h2>', tmp_path)
    assert re.findall(r'<h\d id="([^"]*)"', page.body) == ["a-b-2", "a-b-3", "c-d"]
    assert page.contents == '<li><a href="#a-b-2">A, b!</a></li><li><a href="#c-d">C d</a></li>'


def test_a_section_without_content_is_no_section(tmp_path):
    page = furnished("<h2>A</h2>\n<h2>B <em>b</em></h2>\n\n<h2>C</h2><p>c</p><h2>D</h2><h3>d</h3>", tmp_path)
    assert page.body == '<h2 id="c">C</h2><p>c</p><h2 id="d">D</h2><h3 id="d-2">d</h3>'
    assert page.contents == '<li><a href="#c">C</a></li><li><a href="#d">D</a></li>'


def test_a_note_that_was_said_is_not_said_again(tmp_path):
    page = furnished('<div class="notes"><p>a</p><p>b</p></div><div class="notes"><p>b</p></div>', tmp_path)
    assert page.body == '<div class="notes"><p>a</p><p>b</p></div>'
    page = furnished('<div class="notes"><p>One. Two.</p></div><div class="notes"><p>Two. Three.</p></div>', tmp_path)
    assert page.body == '<div class="notes"><p>One. Two.</p></div><div class="notes"><p>Three.</p></div>'


def test_the_first_occurrence_of_a_term_leads_to_its_meaning(folder):
    page = furnished("<h2>KD</h2><a>KD</a><td>KD, C&amp;W L2, MKD</td><p>KD</p>", folder)
    assert page.body.count('href="#term-kd"') == 1
    assert '<td><a class="term" href="#term-kd" title="a &lt;way&gt;">KD</a>, ' in page.body
    assert '<a class="term" href="#term-c-w" title="an attack">C&amp;W</a> L2, MKD' in page.body
    assert re.findall(r'id="term-([^"]*)"', page.glossary) == ["c-w", "kd"]


def test_papers_have_links_and_entries(folder):
    page = furnished('<header class="top" data-page="mine">nav</header><p>x</p>', folder)
    assert (page.top, page.body) == ('<header class="top" data-page="mine">nav</header>', "<p>x</p>")
    assert "Bee et al., 2020: On &lt;T&gt;." in page.papers
    assert 'href="https://arxiv.org/abs/1.2"' in page.papers
    assert "@misc{k2020,\n  author = {Ann Bee and Cee Dee and Eff Gee},\n  title = {{On &lt;T&gt;}}" in page.papers


def test_a_paper_of_a_conference_names_it(folder):
    papers = json.loads((folder / "papers.json").read_text())
    papers["mine"][0]["venue"] = "Proceedings of T"
    (folder / "papers.json").write_text(json.dumps(papers))
    page = furnished('<header class="top" data-page="mine">nav</header><p>x</p>', folder)
    assert "@inproceedings{k2020," in page.papers
    assert "  booktitle = {Proceedings of T}," in page.papers


def test_letters_of_dashes_are_explained_by_each_table(tmp_path):
    notes = '<div class="notes"><p>a</p><p class="dashes">–a x; –b y.</p></div>'
    assert furnished(notes * 2, tmp_path).body.count('<p class="dashes">') == 2


def test_the_data_of_the_pages_is_whole():
    papers = json.loads((TEMPLATE / "papers.json").read_text())
    assert all(
        set(paper) - {"venue"} == {"key", "authors", "title", "year", "arxiv"}
        for cited in papers.values()
        for paper in cited
    )
    assert all(json.loads((TEMPLATE / "glossary.json").read_text()).values())
