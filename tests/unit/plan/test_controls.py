"""The students that a thief's knockoffs are compared with: their seeds, labels, images, places and keys."""

import pytest

from distillab.data.synthetic import SyntheticSpec
from distillab.plan.members import DATA

STUDENT = "cnn_digits"


def ids(plan, stage):
    return [m.id for m in plan.members.values() if m.stage == stage]


def test_students_come_by_smoothing_and_seed_with_the_headlines(rich):
    assert ids(rich, "baseline") == [
        f"ls{smoothing}-papernot_digits-s{seed}" for smoothing in (0.1, 0.25) for seed in (3, 7, 9)
    ]


def test_every_thief_has_its_own_and_who_holds_unlabeled_images_two(robbed):
    expected = [f"ls0.1-{STUDENT}-s{seed}" for seed in (0, 4)]
    expected += [f"ls0.3-{STUDENT}--poor-s{seed}" for seed in (0, 4)]
    for thief, seeds in (("half", (0, 4)), ("all_asked", (0, 4)), ("told", ()), ("stranger", (0, 4, 1))):
        expected += [f"{role}0.3-{STUDENT}--{thief}-s{seed}" for seed in seeds for role in ("ls", "pseudo")]
        if thief == "told":
            expected += [f"ls0.1-{STUDENT}--told-s{seed}" for seed in (0, 4)]
    assert ids(robbed, "baseline") == [*expected, f"ls0.2-{STUDENT}--labels_20-s0"]


LS = {"labels": 60}
PSEUDO = {
    "half": {"labels": 60, "queries": {"share": 0.5}},
    "all_asked": {"labels": 60, "queries": "all"},
    "stranger": {"labels": 60, "queries": "other_data"},
}


@pytest.mark.parametrize("thief", ["poor", *PSEUDO])
def test_an_ls_student_has_the_labels_and_nothing_else_of_its_thief(robbed, thief):
    member = robbed.members[f"ls0.3-{STUDENT}--{thief}-s4"]
    assert member.spec["means"] == LS
    assert member.spec["label_smoothing"] == 0.3
    assert member.parents == DATA
    assert member.path == f"results/tiny/students/{thief}/ls0.3-{STUDENT}/s4.safetensors"


@pytest.mark.parametrize("thief", PSEUDO)
def test_a_pseudo_labeled_student_has_the_images_too_and_the_names_of_its_own_ls_student(robbed, thief):
    member = robbed.members[f"pseudo0.3-{STUDENT}--{thief}-s4"]
    other = {"other_images": "data-queries_stranger"} if thief == "stranger" else {}
    assert member.spec["means"] == PSEUDO[thief], "and no answers"
    assert member.parents == DATA | {"labeler": f"ls0.3-{STUDENT}--{thief}-s4"} | other
    assert member.path == f"results/tiny/students/{thief}/pseudo0.3-{STUDENT}/s4.safetensors"
    assert (member.model.role, member.model.thief) == ("pseudo_student", thief)


def test_thieves_with_the_same_labels_share_their_ls_students(robbed):
    keys = {robbed.members[f"ls0.3-{STUDENT}--{thief}-s0"].key for thief in ("poor", *PSEUDO)}
    assert len(keys) == 1
    assert robbed.members[f"ls0.1-{STUDENT}--told-s0"].key == robbed.members[f"ls0.1-{STUDENT}-s0"].key
    assert "means" not in robbed.members[f"ls0.1-{STUDENT}--told-s0"].spec
    assert robbed.members[f"ls0.2-{STUDENT}--labels_20-s0"].spec["means"] == {"labels": 20}


def test_another_data_set_is_prepared_once_for_its_thief(robbed):
    member = robbed.members["data-queries_stranger"]
    data = SyntheticSpec(noise=0.3, train_limit=9).plain()
    assert (member.stage, member.parents, member.spec) == ("prepare", {}, {"data": data, "part": "images"})
    assert member.path == "results/tiny/data/queries_stranger.safetensors"
    users = {m.stage for m in robbed.members.values() if "data-queries_stranger" in m.parents.values()}
    assert users - {"collect"} == {"baseline", "answer", "knockoff"}
    assert not any("other_images" in m.parents for m in robbed.members.values() if "stranger" not in m.id)


def test_students_of_thieves_are_measured_but_neither_attacked_nor_certified(robbed):
    def asked(model):
        return {m.stage for m in robbed.members.values() if m.parents.get("model") == model}

    assert asked(f"ls0.1-{STUDENT}-s0") == {"measure", "attack", "certify"}
    for student in (f"ls0.3-{STUDENT}--poor-s0", f"pseudo0.3-{STUDENT}--half-s4", f"ls0.1-{STUDENT}--told-s4"):
        assert asked(student) == {"measure"}
    assert asked(f"ce-{STUDENT}--kd-{STUDENT}-s0") == {"measure", "attack", "certify"}
    assert asked(f"ce-{STUDENT}--kd-{STUDENT}--poor-s0") == {"measure"}
