"""What no page may say of thieves: a verdict without a control, two numbers of seeds in a column, a number outside."""

import re
from html import unescape

import pytest
from in_process import body
from variants import gaps, one_seed, one_teacher, three_seeds, two_of_everything

VARIANTS = (three_seeds, one_seed, one_teacher, gaps, two_of_everything)
SIGNED = r"([+−]?\d[\d,]*(?:\.\d+)?)"
NUMBERS = re.compile(rf"{SIGNED} \[{SIGNED}, {SIGNED}\]")


def plain(html):
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", html).split()))


def value(text):
    return float(text.replace("−", "-").replace(",", ""))


class Matrix:
    """The table of verdicts by thief, as a reader sees it."""

    def __init__(self, page):
        table = page.split('id="thieves-verdicts-caption"', 1)[1].split("</figure>", 1)[0]
        self.notes = plain(table.split('class="notes"', 1)[1])
        head, *self.rows = [
            [plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
            for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        ]
        self.thieves = head[1:-1]

    def column(self, place):
        return [row[1 + place] for row in self.rows]

    def control(self, place):
        return [row[1 + place] for row in self.rows if "positive control" in row[0]]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda make: make.__name__)
def index(request, tmp_path_factory):
    return body("undistillable", request.param(tmp_path_factory.mktemp("thieves") / "tables"))


def test_nothing_is_called_undistillable_by_a_thief_whom_the_control_is_not_shown_to_leak_to(index):
    matrix = Matrix(index)
    assert "Positive control: " in matrix.notes
    for place, thief in enumerate(matrix.thieves):
        if not any("○ distillable" in cell for cell in matrix.control(place)):
            assert not any("● undistillable" in cell for cell in matrix.column(place)), thief


def test_a_column_with_several_numbers_of_seeds_says_in_each_cell_which(index):
    matrix = Matrix(index)
    for place, thief in enumerate(matrix.thieves):
        several = re.search(r"\d+ to \d+ seeds", thief)
        for cell in matrix.column(place):
            said = re.search(r", \d+ seeds?\b", cell.split(" knockoffs")[0])
            assert bool(said) == bool(several) or not cell[:1].strip("–"), (thief, cell)


def test_no_number_lies_outside_its_interval(index):
    found = [tuple(map(value, numbers)) for numbers in NUMBERS.findall(plain(index))]
    assert found or "1 seed" in plain(index)
    assert [numbers for numbers in found if not numbers[1] <= numbers[0] <= numbers[2]] == []


def test_every_undecided_verdict_has_its_price(index):
    cells = [cell for place in range(len(Matrix(index).thieves)) for cell in Matrix(index).column(place)]
    undecided = [cell for cell in cells if "◐ undecided" in cell]
    assert all(
        re.search(r"\d+ seeds, [\d,]+ knockoffs?|more than [\d,]+ seeds|price not known", cell) for cell in undecided
    )
    assert not any("knockoffs" in cell for cell in cells if "◐ undecided" not in cell)


def test_the_papers_thiefs_tables_hold_no_row_of_another(tmp_path):
    page = body("undistillable", three_seeds(tmp_path / "tables"))
    for name, titles in (("verdicts", 1), ("knockoff", 2)):
        table = page.split(f'id="{name}-caption"', 1)[1].split("</table>", 1)[0]
        assert len(re.findall(r"<tr", table)) == 19 + titles, "a row a teacher, and those of titles"
    drawn = re.search(r"147 of (\d+) knockoffs are above", page)
    assert int(drawn[1]) == 19 * 11 - 2, "every cell of the papers' thief but one that was not run and one that failed"
