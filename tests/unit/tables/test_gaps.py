"""What is not there: counted by cell, told by model and question."""

import json

import pytest
from whole_run import whole_run

from distillab.tables import RECORDS
from distillab.tables.gaps import cells


@pytest.fixture(scope="module")
def run():
    return whole_run()


@pytest.mark.parametrize(
    ("gone", "done"),
    [
        ((), 101), (("ce-wide-s0",), 101), (("ce-wide--kd-thin-s0",), 100), (("ce-wide--kd-thin-s0-measure",), 100),
        (("ce-wide--kd-thin-s0-measure", "ce-wide--kd-thin-s0"), 100),
        (("ce-wide-s1-cw-raw", "wk-wide-s0-certify-ibp"), 99),
        (("data-split",), 52),
    ],
)  # fmt: skip
def test_cells_done_are_counted(run, gone, done):
    """49 knockoffs, which are done when their answers are there, 40 attacks, 12 certificates."""
    assert sum(cells(run.without(*gone)).values()) == done
    facts = RECORDS["facts"].rows(run)
    assert (facts["cells_planned"], facts["cells_done"]) == (101, done)
    assert [gap["id"] for gap in facts["missing"]] == sorted(gone)


def test_gaps_name_model_and_question_and_are_json(run):
    asked = (
        "ce-wide--kd-thin-s0",
        "ce-wide-s1-cw-raw",
        "wk-wide-s0-certify-ibp",
        "data-split",
        "ta-T4-step1-s1-measure",
    )
    gaps = RECORDS["facts"].rows(run.without(*asked))["missing"]
    assert [(gap["model"], gap["seed"], gap["stage"], gap["question"]) for gap in gaps] == [
        ("ce-wide--kd-thin", 0, "knockoff", ""), ("ce-wide", 1, "attack", "cw raw"),
        ("", None, "prepare", "prepare"), ("ta-T4-step1", 1, "measure", "measure"), ("wk-wide", 0, "certify", "ibp"),
    ]  # fmt: skip
    assert (gaps[0]["teacher"], gaps[0]["attack"], gaps[0]["arch"]) == ("ce-wide", "kd", "thin")
    assert (gaps[3]["temperature"], gaps[3]["step"], gaps[0]["temperature"]) == (4.0, 1, None)
    assert {gap["reason"] for gap in gaps} == {"killed"}
    json.dumps(gaps, allow_nan=False)
