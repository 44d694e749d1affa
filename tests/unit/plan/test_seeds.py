"""Seeds of cells, controls and teachers, and defenses that spend fewer than the run has."""

import pytest

from distillab.params.root import Params
from distillab.plan.seeds import all_needs, cell_seeds, cells_of, control_seeds, seeds_of, teacher_seeds

LS = {"defenses": {"ls": {"seeds": 1}}}


def seeds(plan, stage, start):
    return sorted({m.seed for m in plan.members.values() if m.stage == stage and m.id.startswith(start)})


def test_a_defense_has_its_seeds_with_all_that_hangs_on_them(plan_of):
    plan = plan_of(LS)
    for stage in ("teach", "knockoff", "attack"):
        assert seeds(plan, stage, "ls-") == [0], stage
        assert seeds(plan, stage, "ce-") == [0, 1], stage
    whole = plan_of()
    assert all(member.key == whole.members[key].key for key, member in plan.members.items() if "ls-" in key)


def test_what_starts_from_a_defense_brings_its_seeds(plan_of):
    nasty = {"nt": {"name": "nt"}, "ce": {"seeds": 1}}
    assert seeds(plan_of({"defenses": nasty}), "teach", "ce-") == [0, 1]
    assert seeds(plan_of({"defenses": nasty}), "knockoff", "ce-") == [0]


def test_a_chain_has_the_seeds_of_the_teacher_it_starts_from(plan_of):
    chain = {"robust": {"teacher_defense": "ls", "steps": 2, "temperatures": [1]}}
    plan = plan_of(LS | {"chains": chain, "studies": ["undistillable", "ta", "adversarial"]})
    assert seeds(plan, "distill", "robust-") == [0]
    assert seeds(plan, "distill", "ta-") == [0, 1]


@pytest.fixture
def cascade(params_of):
    """Parameters with three stages, of which the second spends one seed and the third is the headline's."""
    stages = {
        "third": {"name": "wong_kolter", "after": "second"},
        "second": {"name": "wong_kolter", "after": "first", "seeds": 1},
        "first": {"name": "ibp_training", "seeds": 1},
    }
    headline = {"defenses": ["third"], "attacks": ["kd"], "seeds": [8]}
    return params_of({"studies": ["undistillable"], "seeds": [4, 6], "defenses": stages, "headline": headline})


def test_seeds_of_a_cascade(cascade):
    assert isinstance(cascade, Params)
    assert all_needs(cascade, "third") == ("first", "second")
    assert all_needs(cascade, "first") == ()
    assert seeds_of(cascade, "third") == (4, 6, 8)
    assert seeds_of(cascade, "third", robbed=False) == (4, 6)
    assert seeds_of(cascade, "second") == (4,)
    assert seeds_of(cascade, "ls") == (4, 6)
    assert (
        teacher_seeds(cascade, "third")
        == teacher_seeds(cascade, "second")
        == teacher_seeds(cascade, "first")
        == (4, 6, 8)
    )
    assert teacher_seeds(cascade, "ls") == (4, 6)


FEW = {"labels": 60, "label_smoothing": 0.1}


@pytest.fixture
def cells(params_of):
    """Seeds of the cells of a run with seeds 5 and 3, by thief, defense and attack."""

    def seeds_with(override):
        return params_of({"studies": ["undistillable"], "seeds": [5, 3]} | override)

    return seeds_with


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [({}, (5, 3)), ({"seeds": 1}, (5,)), ({"seeds": 2}, (5, 3)), ({"seeds": 5}, (5, 3, 0, 1, 2))],
    ids=str,
)
def test_a_thiefs_cells_have_the_first_of_the_runs_seeds_and_of_those_that_follow(cells, wanted, expected):
    params = cells({"thieves": {"poor": FEW | wanted}})
    assert cell_seeds(params, "poor", "ce", "kd") == expected
    assert control_seeds(params, "poor") == expected
    assert cell_seeds(params, "paper", "ce", "kd") == (5, 3)
    assert teacher_seeds(params, "ce") == tuple(dict.fromkeys((5, 3, *expected)))


HEADLINE = {"headline": {"defenses": ["ls"], "attacks": ["kd"], "seeds": [8, 0]}}


def test_the_headline_is_of_the_papers_thief_and_counts_before_other_seeds(cells):
    params = cells(HEADLINE | {"thieves": {"poor": FEW | {"seeds": 5}, "rich": {"answers": "label"}}})
    assert cell_seeds(params, "paper", "ls", "kd") == (5, 3, 8, 0)
    assert cell_seeds(params, "paper", "ls", "mkd") == cell_seeds(params, "paper", "ce", "kd") == (5, 3)
    assert cell_seeds(params, "rich", "ls", "kd") == (5, 3)
    assert cell_seeds(params, "poor", "ce", "mkd") == (5, 3, 8, 0, 1)
    assert control_seeds(params, "paper") == (5, 3, 8, 0)
    assert control_seeds(params, "rich") == (5, 3)


def test_open_cells_get_the_seeds_that_were_asked_for(cells):
    asked = {"poor": {"ls": {"kd": 4}}, "paper": {"ce": {"mkd": 3}}}
    params = cells({"thieves": {"poor": FEW | {"seeds": 3}}, "decide": {"asked": asked}})
    assert cell_seeds(params, "poor", "ls", "kd") == (5, 3, 0, 1)
    assert cell_seeds(params, "poor", "ls", "mkd") == cell_seeds(params, "poor", "ce", "kd") == (5, 3, 0)
    assert cell_seeds(params, "paper", "ce", "mkd") == (5, 3, 0)
    assert cell_seeds(params, "paper", "ls", "kd") == (5, 3)
    assert control_seeds(params, "poor") == (5, 3, 0, 1)
    assert teacher_seeds(params, "ls") == (5, 3, 0, 1)
    assert teacher_seeds(params, "cmim") == (5, 3, 0)
    assert teacher_seeds(params, "ce") == (5, 3, 0), "st, which starts from it, has no more"


def test_what_was_asked_for_never_takes_seeds_away(cells):
    params = cells({"decide": {"asked": {"paper": {"ce": {"kd": 1}}}}})
    assert cell_seeds(params, "paper", "ce", "kd") == (5, 3)


@pytest.mark.parametrize("thief", ["paper", "poor"])
def test_a_defense_spends_no_more_than_its_own_seeds(cells, thief):
    """Whoever robs it, and whatever was asked for."""
    few = {"defenses": {"ls": {"seeds": 2}}, "thieves": {"poor": FEW | {"seeds": 6}, "paper": {"seeds": 1}}}
    params = cells(HEADLINE | few | {"decide": {"asked": {thief: {"ls": {"kd": 7}}}}})
    assert set(cell_seeds(params, thief, "ls", "kd")) <= {5, 3}
    assert seeds_of(params, "ls") == teacher_seeds(params, "ls") == (5, 3)
    assert len(cell_seeds(params, "poor", "ce", "kd")) == 6


def test_every_cell_has_a_teacher_of_its_seed(plan_of):
    """A headline seed beyond what a defense spends, where the papers' thief has fewer seeds than the run."""
    override = HEADLINE | {"studies": ["undistillable"], "seeds": [5, 3], "defenses": {"ls": {"seeds": 2}}}
    plan = plan_of(override | {"thieves": {"paper": {"seeds": 1}}})
    robbed = [m for m in plan.members.values() if m.stage == "knockoff"]
    assert all(m.parents["teacher"] in plan.members for m in robbed)
    assert seeds(plan, "knockoff", "ls-cnn_digits--kd") == [5]


def test_controls_may_have_more_seeds_and_never_fewer_than_a_cell(cells):
    params = cells({"thieves": {"poor": FEW | {"control_seeds": 5}, "rich": {"answers": "label", "control_seeds": 1}}})
    assert control_seeds(params, "poor") == (5, 3, 0, 1, 2)
    assert cell_seeds(params, "poor", "ce", "kd") == teacher_seeds(params, "ce") == (5, 3)
    assert control_seeds(params, "rich") == (5, 3)


def test_a_thief_robs_the_cells_it_names(cells):
    thieves = {
        "poor": FEW | {"defenses": ["st", "ce"], "attacks": ["mkd"], "seeds": 3},
        "idle": FEW | {"queries": "none"},
    }
    params = cells({"thieves": thieves, "label_curve": {"labels": [10], "seeds": 4}})
    assert cells_of(params, "poor") == [("ce", "mkd"), ("st", "mkd")]
    assert cells_of(params, "idle") == cells_of(params, "labels_10") == []
    assert len(cells_of(params, "paper")) == 4 * 2
    assert control_seeds(params, "idle") == (5, 3)
    assert control_seeds(params, "labels_10") == (5, 3, 0, 1)
    assert teacher_seeds(params, "ce") == (5, 3, 0)
    assert teacher_seeds(params, "ls") == (5, 3), "nobody with more seeds robs it"


def test_without_knockoffs_nobody_is_robbed(cells):
    params = cells({"studies": ["adversarial"], "thieves": {"poor": FEW | {"seeds": 9}}})
    assert teacher_seeds(params, "ce") == (5, 3)
