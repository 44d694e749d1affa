"""A table that is declared once says the same on a page, in a record and in a file."""

import re
from base64 import b64decode
from dataclasses import replace
from io import StringIO
from math import isnan, nan

import pandas as pd
import pytest

from distillab.reporting.cells import Absent, Measured, beside, quiet
from distillab.reporting.columns import WRITTEN, Heading, declared, rows_of, whole
from distillab.reporting.display import percent
from distillab.reporting.kit import Folded, PageTable
from distillab.reporting.summaries import BEST
from distillab.tables import TABLES
from distillab.tables.units import UNITS

COLUMNS = {
    "name": Heading("<Name>"),
    "share": Heading("Share ↑", "%\nof images", percent),
    "n": Heading("n", show=whole),
}
ROWS = [
    {"name": "<one>", "share": Measured(0.5, 0.4, 0.6, "seeds"), "n": 3},
    {"name": "t|o", "share": Absent("not run"), "n": beside(4, quiet("of 9"))},
]


@pytest.fixture
def table():
    """Two rows, one with a dash, under columns of which two have a common title."""
    return PageTable(
        "t", "Shares & n", COLUMNS, ROWS, sample=", n = 9", spanners={"Over": ["share", "n"]}, notes=["", "<so>"]
    )


def test_a_page_shows_caption_scopes_notes_and_no_markup_of_others(table):
    assert '<figcaption id="t-caption"><b>Shares &amp; n</b>, n = 9.' in table.text
    assert 'aria-labelledby="t-caption"' in table.text
    head = table.text.partition("</thead>")[0]
    assert (
        '<th scope="col" rowspan="2">&lt;Name&gt;</th><th scope="colgroup" colspan="2"><span>Over</span></th>' in head
    )
    assert "Share ↑<span class='unit'>%</span><span class='unit'>of images</span>" in head
    assert '<th scope="row">&lt;one&gt;</th><td data-column="share" data-value="0.5">' in table.text
    assert "<p>&lt;so&gt;</p>" in table.text
    assert table.text.count("<p>Intervals: 95 %") == 1


def test_a_record_has_the_same_and_the_reasons_of_its_dashes(table):
    caption, rows, *notes = table.markdown().split("\n\n")
    assert caption == "**Shares & n**, n = 9."
    assert rows.splitlines() == [r"| \<Name\> | Over: Share ↑, %, of images | Over: n |", "| --- | --- | --- |",
                                 r"| \<one\> | 50.0 [40.0, 60.0] | 3 |", r"| t\|o | – | 4 of 9 |"]  # fmt: skip
    assert notes[-2:] == [r"\<so\>", "– not run."]


def test_several_reasons_have_letters_that_their_own_table_explains(table):
    rows = [*ROWS, {"name": "u", "share": Absent("no <image>"), "n": beside(5, Absent("not run"))}]
    two = replace(table, rows=rows)
    assert '<abbr class="missing" title="no &lt;image&gt;">–<sup>b</sup></abbr>' in two.text
    assert '<p class="dashes">–a not run; –b no &lt;image&gt;.</p>' in two.text
    assert "5 –a" in two.markdown()
    many = [{"name": "u", "share": Absent(f"reason {number}"), "n": 1} for number in range(30)]
    assert "–z reason 25; – 4 more, on pointing." in replace(table, rows=many).text


@pytest.mark.parametrize(("best", "said"), [(True, "Bold: the best of its column."), (False, "Nothing is bold")])
def test_what_is_bold_is_said_and_that_nothing_is(table, best, said):
    rows = [{"name": "u", "share": Measured(0.5, 0.4, 0.6, best=best), "n": 1}]
    assert said in replace(table, rows=rows, bold=f"{BEST}column").text
    assert "old" not in replace(table, rows=[{**rows[0], "share": Measured(0.5)}], bold=f"{BEST}column").text


def test_a_file_has_the_numbers_as_they_are_and_the_words_beside(table):
    payload = re.search(r'download="t.csv" href="data:text/csv;base64,([^"]*)"', table.text)[1]
    frame = pd.read_csv(StringIO(b64decode(payload).decode()))
    assert list(frame) == ["name", "share", "share_low", "share_high", "share_note", "n", "n_note"]
    assert frame.loc[0, ["share", "share_low", "share_high"]].tolist() == [0.5, 0.4, 0.6]
    assert frame["n"].tolist() == [3, 4]
    assert frame.loc[1, "share_note"] == "not run"
    assert frame.loc[1, "n_note"] == "of 9"


def test_a_table_without_rows_is_a_sentence_or_nothing():
    assert PageTable("t", "T", COLUMNS, []).text == ""
    empty = PageTable("t", "T", COLUMNS, [], otherwise="Nothing & nobody.")
    assert empty.text == "<p>Nothing &amp; nobody.</p>"
    assert empty.markdown() == "Nothing & nobody."


def test_others_are_folded_on_a_page_and_open_in_a_record(table):
    both = Folded(table, "More", [table])
    assert both.text.count("<table>") == 2
    assert both.text.partition("<summary>More</summary>")[2].count("<table>") == 1
    assert both.markdown().count(r"| \<one\> |") == 2
    assert "<details>" not in Folded(table, "More", [PageTable("u", "U", COLUMNS, [])]).text


def test_heading_unit_and_interval_follow_from_the_tables_of_a_run():
    gain = declared("knockoff", "delta", "Gain")
    assert (gain.unit, gain.bounds, gain.show(0.0123)) == ("points", ("delta_low", "delta_high"), "+1.23")
    assert declared("robustness", "robust_accuracy", "Robust").bounds == ("robust_low", "robust_high")
    assert declared("knockoff", "queries", "Answers", "images").unit == "images"
    with pytest.raises(KeyError):
        declared("knockoff", "no_such_column", "")


def test_every_unit_that_a_page_writes_is_one_of_the_tables():
    assert set(WRITTEN) <= set(UNITS)
    assert {column.unit for table in TABLES.values() for column in table.columns} <= set(UNITS)


def test_a_frame_becomes_cells_with_intervals_and_reasons():
    columns = {"who": Heading("Who"), "delta": declared("knockoff", "delta", "Gain", absent="no seed")}
    frame = pd.DataFrame({"who": ["a", "b"], "delta": [0.1, nan], "delta_low": [0.0, nan], "delta_high": [None, nan]})
    first, second = rows_of(frame, columns)
    assert first["who"] == "a"
    assert (first["delta"].value, first["delta"].low) == (0.1, 0.0)
    assert isnan(first["delta"].high)
    assert second["delta"] == Absent("no seed")
