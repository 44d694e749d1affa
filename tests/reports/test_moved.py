"""No measured number is typed into a page: where what was measured drifts, every number of three digits does."""

import re

import pytest
from in_process import PAGES, body
from moved import DRIFTS, drift, unmoved
from variants import three_seeds

DECLARED = {
    "versions of programs": r"python \d|torch \d|software python",
    "a parameter": r"eps 0\.1",
    "a cost relative to one that is nearly the same": r"\] 1\.0\d – a",
    "networks small enough to enumerate, of benchmarks/certify": r"exactly|by bounds|IBP −|CROWN 0\.|LP 0\.",
}
"""Numbers that no table of the run holds, and the words around them."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moved")
    drifted = [three_seeds(folder / f"drifted_{number}") for number in range(len(DRIFTS))]
    for tables, values in zip(drifted, DRIFTS, strict=True):
        drift(tables, *values)
    return three_seeds(folder / "run"), *drifted


@pytest.mark.parametrize("page", PAGES)
def test_every_number_moves_with_what_was_measured(page, runs):
    before, *afters = (body(page, tables) for tables in runs)
    assert before not in afters
    assert [said for said in unmoved(before, *afters) if not any(re.search(d, said) for d in DECLARED.values())] == []


def test_a_number_that_was_typed_is_found():
    page = "<p>CE reaches {} % of images, of which 97.3 are typed.</p>"
    (said,) = unmoved(page.format("95.2"), page.format("92.3"))
    assert "of which 97.3 are" in said
