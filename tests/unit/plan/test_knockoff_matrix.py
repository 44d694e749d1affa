"""Rows, columns and thieves of the knockoff matrix."""

import pytest

from distillab.plan.pairs import teacher_of


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


def test_a_teacher_is_its_network_under_its_defense(params_of):
    assert teacher_of(params_of(), "cmim", "resnet20", 3).member_id == "cmim-resnet20-s3"


def cell(thief, attack="kd", defense="ce", seed=4):
    return f"{defense}-cnn_digits--{attack}-cnn_digits{f'--{thief}' if thief else ''}-s{seed}"


MEANS = {
    "": None,
    "poor": {"labels": 60},
    "half": {"labels": 60, "queries": {"share": 0.5}, "answers": {"top": 2}},
    "all_asked": {"labels": 60, "queries": "all"},
    "told": {"answers": "label"},
    "stranger": {"labels": 60, "queries": "other_data"},
}


def test_every_thief_robs_every_cell_with_its_own_seeds(robbed):
    expected = {
        cell(thief, attack, defense, seed)
        for thief in MEANS
        for attack in ("kd", "mkd")
        for defense in ("ce", "st")
        for seed in ((0, 4, 1) if thief == "stranger" else (0, 4))
    }
    assert set(ids(robbed, "knockoff")) == expected


@pytest.mark.parametrize("thief", MEANS)
@pytest.mark.parametrize("attack", ["kd", "mkd"])
def test_a_knockoff_says_whose_it_is_and_by_which_means(robbed, thief, attack):
    member = robbed.members[cell(thief, attack)]
    assert member.spec.get("means") == MEANS[thief]
    assert member.model.thief == member.axes["thief"] == (thief or "paper")
    folder = f"results/tiny/knockoffs/{thief or 'paper'}/ce-cnn_digits/{attack}-cnn_digits"
    assert member.path == f"{folder}/s4.safetensors"
    assert ("other_images" in member.parents) == (thief == "stranger")
    assert ("answers" in member.parents) == (attack == "kd")


def test_thieves_who_are_told_the_same_share_the_answers(robbed):
    """Of all training images, whoever has labels of them; else each has its own, of what it asks about alone."""
    asked = {thief: robbed.members[robbed.members[cell(thief)].parents["answers"]] for thief in MEANS}
    assert {thief: member.spec.get("means") for thief, member in asked.items()} == {
        "": None,
        "poor": {"labels": 60},
        "half": {"labels": 60, "queries": {"share": 0.5}, "answers": {"top": 2}},
        "all_asked": None,
        "told": {"answers": "label"},
        "stranger": {"labels": 60, "queries": "other_data"},
    }
    assert asked["all_asked"].id == asked[""].id == "ce-cnn_digits-s4-answers"
    assert asked["half"].id == "ce-cnn_digits-s4-answers--half"
    assert {member.path for member in asked.values()} == {""}
    assert asked["stranger"].parents == robbed.members[cell("stranger", "mkd")].parents


def test_another_name_for_the_papers_means_changes_no_key(plan_of):
    plan = plan_of({"studies": ["undistillable"], "thieves": {"same": {"queries": {"share": 0.5}}}})
    for defense in ("ce", "cmim"):
        assert plan.members[cell("same", "kd", defense, 1)].key == plan.members[cell("", "kd", defense, 1)].key
    named_apart = plan_of(
        {"studies": ["undistillable"], "thieves": {"all_of_them": {"labels": 400, "label_smoothing": 0.1}}}
    )
    assert named_apart.members[cell("all_of_them", seed=1)].key != named_apart.members[cell("", seed=1)].key


CHOICES = {"defenses": ["ce", "st"], "attacks": ["kd"], "seeds": 4, "control_seeds": 6}


@pytest.mark.parametrize("choice", CHOICES)
def test_which_cells_a_thief_fills_changes_no_key(plan_of, choice):
    poor = {"labels": 60, "queries": {"share": 0.5}, "label_smoothing": 0.1}
    plans = [
        plan_of({"studies": ["undistillable"], "thieves": {"poor": poor | more}})
        for more in ({}, {choice: CHOICES[choice]})
    ]
    keys = [{m.id: m.key for m in plan.members.values() if m.stage not in {"collect", "report"}} for plan in plans]
    both = keys[0].keys() & keys[1].keys()
    assert {i: keys[0][i] for i in both} == {i: keys[1][i] for i in both}
    assert keys[0].keys() != keys[1].keys(), "but there are others"
    assert {cell("poor", seed=1), cell("poor", seed=0), "pseudo0.1-cnn_digits--poor-s0"} <= both


def test_means_change_the_keys_of_all_that_rest_on_them_and_of_nothing_else(plan_of):
    def keys(**more):
        poor = {"labels": 60, "queries": "all", "label_smoothing": 0.1} | more
        plan = plan_of({"studies": ["undistillable"], "thieves": {"poor": poor}})
        return {m.id: m.key for m in plan.members.values() if m.stage not in {"collect", "report"}}

    before = keys()
    own = {
        "ls": "ls0.1-cnn_digits--poor-s0",
        "pseudo": "pseudo0.1-cnn_digits--poor-s0",
        "kd": cell("poor", seed=0),
    }
    for change, moved in (
        ({"labels": 61}, {"ls", "pseudo", "kd"}),
        ({"queries": {"share": 0.5}}, {"pseudo", "kd"}),
        ({"answers": "label"}, {"kd"}),
    ):
        after = keys(**change)
        assert {name for name, i in own.items() if before[i] != after[i]} == moved, change
        assert all(before[i] == after[i] for i in before if "poor" not in i)


def test_trials_are_of_the_papers_thief_alone(plan_of):
    poor = {"poor": {"labels": 60, "label_smoothing": 0.1}}
    plan = plan_of({"studies": ["undistillable"], "seeds": [0], "knockoff": {"trials": 1}, "thieves": poor})
    tried = {m.model.thief for m in plan.members.values() if m.stage == "knockoff" and m.model.trial is not None}
    assert tried == {"paper"}
    assert len([i for i in ids(plan, "knockoff") if "--poor" in i]) == 4 * 2
