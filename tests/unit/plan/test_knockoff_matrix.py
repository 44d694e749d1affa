"""Rows, columns and seeds of the knockoff matrix."""

import pytest

from distillab.params.root import Pair, Params
from distillab.plan.knockoff_matrix import all_needs, seeds_of, teacher_of, teacher_seeds


def ids(plan, stage):
    return [m.id for m in plan.members.values() if m.stage == stage]


NETWORKS = ("cnn_digits", "papernot_digits")


def test_teachers_come_by_defense_network_and_seed(rich):
    seeds = {"ce": (3, 7, 9), "ls": (3, 7, 9), "st": (3, 7)}
    expected = [f"{key}-{network}-s{seed}" for key in seeds for network in NETWORKS for seed in seeds[key]]
    expected = [i for i in expected if not (i.startswith("ce") and i.endswith("s9"))]
    assert ids(rich, "teach") == expected


def test_students_come_by_smoothing_and_seed_with_the_headlines(rich):
    assert ids(rich, "baseline") == [
        f"ls{smoothing}-papernot_digits-s{seed}" for smoothing in (0.1, 0.25) for seed in (3, 7, 9)
    ]


def test_knockoffs_come_by_defense_pair_attack_and_seed(rich):
    assert ids(rich, "knockoff") == [
        f"{defense}-{network}--{attack}-papernot_digits-s{seed}"
        for defense in ("ce", "ls", "st")
        for network in NETWORKS
        for attack in ("kd", "live")
        for seed in ((3, 7, 9) if (defense, attack) == ("ls", "kd") else (3, 7))
    ]


def test_answers_are_asked_for_once_a_teacher_and_only_where_they_are_kept(rich):
    teachers = [f"{i}-answers" for i in ids(rich, "teach")]
    assert ids(rich, "answer") == teachers


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
    assert seeds_of(cascade, "third", headline=False) == (4, 6)
    assert seeds_of(cascade, "second") == (4,)
    assert seeds_of(cascade, "ls") == (4, 6)
    assert (
        teacher_seeds(cascade, "third")
        == teacher_seeds(cascade, "second")
        == teacher_seeds(cascade, "first")
        == (4, 6, 8)
    )
    assert teacher_seeds(cascade, "ls") == (4, 6)


def test_one_network_in_two_pairs_is_trained_once(plan_of):
    pairs = [{"teacher": "cnn_digits", "student": student} for student in ("cnn_digits", "papernot_digits")]
    plan = plan_of({"studies": ["undistillable"], "seeds": [0], "pairs": pairs, "defenses": {"*": None, "ce": {}}})
    assert ids(plan, "teach") == ["ce-cnn_digits-s0"]
    assert ids(plan, "baseline") == ["ls0.1-cnn_digits-s0", "ls0.1-papernot_digits-s0"]
    assert len(ids(plan, "knockoff")) == 2 * 2


def test_a_teacher_is_its_network_under_its_defense():
    pair = Pair(teacher="resnet20", student="vgg8")
    assert teacher_of("cmim", pair.teacher, 3).member_id == "cmim-resnet20-s3"
