"""A round: what is open in a finished run, what its next looks cost, and what would decide the rest."""

import pytest

from distillab.params.asked import AskedCell
from distillab.params.load import load_params
from distillab.plan.build import build_plan
from distillab.plan.durations import Taken
from distillab.plan.effort import Effort
from distillab.plan.rounds import Round

OVERRIDE = {
    "studies": ["undistillable"],
    "seeds": [0, 1, 2],
    "defenses": {"*": None, "ce": {}, "ls": {}},
    "robustness": {"attacks": {"*": None}},
    "decide": {"looks": [4, 8]},
}
SECONDS = {"prepare": 1000.0, "teach": 10.0, "baseline": 3.0, "answer": 0.5, "knockoff": 2.0, "measure": 0.25}


@pytest.fixture
def round_of(project, monkeypatch):
    """A round over these tables; every member of a stage takes alike."""
    root = project(OVERRIDE)
    monkeypatch.setattr("distillab.plan.durations.Durations._taken", lambda _, member: Taken(SECONDS[member.stage], 0))

    def make(knockoff, verdicts):
        rows = [
            {"thief": "paper", "defense": defense, "attack": attack, "open": True, "missing": 0}
            for defense, attack in knockoff
        ]
        verdicts = [{"thief": "paper", "verdict": "undecided", "price_runs": None} | row for row in verdicts]
        return Round(load_params(root), build_plan(root), knockoff=rows, verdicts=verdicts, root=root)

    return make


def test_a_look_costs_its_knockoffs_and_all_that_comes_with_them(round_of):
    found = round_of([("ce", "kd"), ("ce", "mkd"), ("ls", "kd")], [])
    ce, mkd, ls = (AskedCell("paper", *cell) for cell in (("ce", "kd"), ("ce", "mkd"), ("ls", "kd")))
    assert found.looks == {ce: 4, mkd: 4, ls: 4}
    teacher, control = 10 + 0.25 + 0.5, 3 + 0.25
    assert found.effort_of([ce]) == Effort(1, teacher + control + 2.25)
    assert found.effort_of([ce, mkd]) == Effort(2, teacher + control + 2 * 2.25)
    assert found.effort_of([ce, mkd, ls]) == Effort(3, 2 * teacher + control + 3 * 2.25)


def test_the_price_of_a_verdict_has_the_hours_of_so_many_seeds(round_of):
    found = round_of([("ce", "kd"), ("ce", "mkd")], [{"defense": "ce", "price_runs": 10.0}])
    (row,) = found.verdicts
    seed = 10.75 + 3.25 + 2 * 2.25
    assert found.price_of(row) == Effort(10, pytest.approx(5 * seed))


@pytest.mark.parametrize(
    "row",
    [
        {"defense": "ce", "price_runs": None},
        {"defense": "ls", "price_runs": 4.0},
        {"defense": "ce", "price_runs": 4.0, "verdict": "undistillable"},
    ],
)
def test_no_price_of_what_is_closed_or_unknown(round_of, row):
    found = round_of([("ce", "kd")], [row])
    assert found.price_of(found.verdicts[0]) is None
    assert found.is_open(found.verdicts[0]) == (row == {"defense": "ce", "price_runs": None})
