"""Which cells get seeds next: open ones alone, up to their next look, the nearest to a decision first."""

from math import nan

import pytest

from distillab.core.errors import SpecError
from distillab.core.job import Plan
from distillab.params.asked import AskedCell, with_asked
from distillab.plan.asking import Allowance, next_look, open_teachers, page_of_verdicts, page_to_decide, within
from distillab.plan.effort import Effort

OVERRIDE = {
    "seeds": [0, 1, 2],
    "defenses": {"st": {"seeds": 5}},
    "headline": {"defenses": ["ls"], "attacks": ["mkd"], "seeds": [7, 8]},
    "thieves": {"poor": {"labels": 30, "label_smoothing": 0.1, "seeds": 4, "defenses": ["ce"], "attacks": ["kd"]}},
    "decide": {"looks": [4, 8]},
}


@pytest.fixture
def params(params_of):
    """Three seeds, two looks, a defense that has five, a headline cell that has five, a thief who has four."""
    return params_of(OVERRIDE)


def cell(defense, attack="kd", thief="paper"):
    return AskedCell(thief, defense, attack)


def row(defense, attack="kd", *, thief="paper", is_open=True, missing=0):
    return {"thief": thief, "defense": defense, "attack": attack, "open": is_open, "missing": missing}


def verdict(defense, price, verdict="undecided", thief="paper"):
    return {"thief": thief, "defense": defense, "verdict": verdict, "price_runs": price}


def asked_of(params, knockoff, verdicts=()):
    """What all teachers together are asked for."""
    return {name: look for each in open_teachers(params, knockoff, verdicts) for name, look in each.looks.items()}


def test_only_open_cells_are_asked_for(params):
    rows = [row("ce"), row("ce", "mkd", is_open=False), row("ls", is_open=False)]
    assert asked_of(params, rows) == {cell("ce"): 4}


def test_each_cell_has_the_next_look_beyond_the_seeds_that_it_has(params):
    rows = [row("ls"), row("ls", "mkd"), row("ce", thief="poor")]
    assert asked_of(params, rows) == {cell("ls"): 4, cell("ls", "mkd"): 8, cell("ce", thief="poor"): 8}
    further = with_asked(params, {cell("ls"): 4})
    assert next_look(further, cell("ls")) == 8
    assert next_look(with_asked(params, {cell("ls"): 8}), cell("ls")) is None


def test_after_the_last_look_a_cell_is_not_asked_for_and_it_is_said_why(params):
    (teacher,) = open_teachers(with_asked(params, {cell("ce"): 8}), [row("ce"), row("ce", "mkd")], [])
    assert teacher.looks == {cell("ce", "mkd"): 4}
    assert teacher.stopped == {cell("ce"): "they had their last look; decide.looks ends at 8"}


def test_a_defense_with_fewer_seeds_than_the_look_is_not_asked_for(params):
    assert asked_of(params, [row("st")]) == {cell("st"): 4}
    (teacher,) = open_teachers(with_asked(params, {cell("st"): 4}), [row("st")], [])
    assert teacher.looks == {}
    assert teacher.stopped == {cell("st"): "defenses.st.seeds is 5, and the next look is at 8"}


def test_where_networks_are_missing_no_more_are_asked_for(params):
    (teacher,) = open_teachers(params, [row("ce", missing=1), row("ce", "mkd")], [])
    assert teacher.looks == {cell("ce", "mkd"): 4}
    assert teacher.stopped == {cell("ce"): "networks are missing, and more of them would be, too"}


def test_a_tuned_attack_and_another_network_ask_for_the_same_cell(params):
    rows = [row("ce", "kd_tuned"), row("ce", is_open=False), row("ls", "mkd", is_open=False), row("ls", "mkd")]
    assert asked_of(params, rows) == {cell("ce"): 4, cell("ls", "mkd"): 8}


def test_the_nearest_to_a_decision_come_first_and_those_without_control_last(params):
    rows = [row(defense) for defense in ("ce", "ls", "st", "cmim")] + [row("ce", thief="poor")]
    verdicts = [
        verdict("ce", 40.0), verdict("ce", 30.0), verdict("ce", None), verdict("ls", 2.0, "no control"),
        verdict("st", nan), verdict("cmim", 35.0), verdict("ce", 33, thief="poor"), verdict("ce", 1, "distillable"),
    ]  # fmt: skip
    order = [(each.thief, each.defense) for each in open_teachers(params, rows, verdicts)]
    assert order == [("paper", "ce"), ("poor", "ce"), ("paper", "cmim"), ("paper", "st"), ("paper", "ls")]


def effort_of(cells):
    """Every cell is as many trainings as its attack's name is long, each of half an hour, and its teacher another."""
    knockoffs = sum(len(each.attack) for each in cells)
    return Effort(knockoffs, 1800.0 * (knockoffs + len({(each.thief, each.defense) for each in cells})))


@pytest.mark.parametrize(
    ("budget", "defenses"),
    [
        (Allowance(), ["ce", "ls", "st"]),
        (Allowance(knockoffs=10), ["ce", "ls", "st"]),
        (Allowance(knockoffs=9), ["ce", "ls"]),
        (Allowance(knockoffs=7), ["ce", "st"]),  # what does not fit leaves room for what does
        (Allowance(knockoffs=4), ["ls"]),
        (Allowance(knockoffs=1), []),
        (Allowance(hours=6.5), ["ce", "ls", "st"]),
        (Allowance(hours=6.4), ["ce", "ls"]),
        (Allowance(hours=4.9), ["ce", "st"]),
        (Allowance(knockoffs=7, hours=4.4), ["ce"]),
        (Allowance(hours=0.0), []),
    ],
)
def test_a_budget_is_spent_on_the_nearest_teachers_as_a_whole(params, budget, defenses):
    rows = [row("ce"), row("ce", "mkd"), row("ls", "mkd"), row("st")]
    verdicts = [verdict("ce", 1), verdict("ls", 2), verdict("st", 3)]
    found = within(budget, open_teachers(params, rows, verdicts), effort_of)
    assert list(dict.fromkeys(each.defense for each in found)) == defenses


def test_hours_do_not_allow_what_nobody_knows_and_trainings_do(params):
    teachers = open_teachers(params, [row("ce")], [])

    def unknown(_cells):
        return Effort(1, None)

    assert within(Allowance(hours=1e9), teachers, unknown) == {}
    assert within(Allowance(knockoffs=1), teachers, unknown) == {cell("ce"): 4}


def test_what_is_spent_is_no_longer_there():
    assert Allowance(9, 2.0).less(Effort(4, 1800)) == Allowance(5, 1.5)
    assert Allowance(3, None).less(Effort(4, None)) == Allowance(0, None)
    assert Allowance().less(Effort(4, 9.0)) == Allowance()


def planned(studies, looks):
    return Plan(
        preset="tiny",
        params={"decide": {"looks": looks}},
        members={},
        jobs=(),
        studies=dict.fromkeys(studies, ()),
        facts={},
    )


def test_the_page_is_that_of_the_first_study_with_verdicts():
    assert page_to_decide(planned(["ta", "sparse", "undistillable"], [4])) == "sparse"
    assert page_of_verdicts(planned(["ta"], [])) is None


def test_without_looks_it_is_said_that_they_come_first():
    with pytest.raises(SpecError) as error:
        page_to_decide(planned(["undistillable"], []))
    assert str(error.value) == (
        "params: decide.looks: no looks; expected numbers of seeds at which open cells are looked at, stated before "
        "the numbers are seen; write e.g. `decide: {looks: [4, 8, 16, 32]}` into the override of params.yaml"
    )


def test_without_verdicts_there_is_nothing_to_decide():
    with pytest.raises(SpecError, match=r"studies: no study with verdicts; expected one of .*undistillable.*; got ta"):
        page_to_decide(planned(["ta"], [4]))
