"""Rows, columns and thieves of the knockoff matrix."""

from distillab.params.root import Pair
from distillab.plan.knockoff_matrix import teacher_of


def ids(plan, stage):
    return [m.id for m in plan.members.values() if m.stage == stage]


NETWORKS = ("cnn_digits", "papernot_digits")


def test_teachers_come_by_defense_network_and_seed(rich):
    seeds = {"ce": (3, 7, 9), "ls": (3, 7, 9), "st": (3, 7)}
    expected = [f"{key}-{network}-s{seed}" for key in seeds for network in NETWORKS for seed in seeds[key]]
    expected = [i for i in expected if not (i.startswith("ce") and i.endswith("s9"))]
    assert ids(rich, "teach") == expected


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


def test_one_network_in_two_pairs_is_trained_once(plan_of):
    pairs = [{"teacher": "cnn_digits", "student": student} for student in ("cnn_digits", "papernot_digits")]
    plan = plan_of({"studies": ["undistillable"], "seeds": [0], "pairs": pairs, "defenses": {"*": None, "ce": {}}})
    assert ids(plan, "teach") == ["ce-cnn_digits-s0"]
    assert ids(plan, "baseline") == ["ls0.1-cnn_digits-s0", "ls0.1-papernot_digits-s0"]
    assert len(ids(plan, "knockoff")) == 2 * 2


def test_a_teacher_is_its_network_under_its_defense():
    pair = Pair(teacher="resnet20", student="vgg8")
    assert teacher_of("cmim", pair.teacher, 3).member_id == "cmim-resnet20-s3"
