"""Seeds of cells, controls and teachers, and defenses that spend fewer than the run has."""

import pytest

from distillab.params.root import Params
from distillab.plan.seeds import all_needs, seeds_of, teacher_seeds

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
