"""Chains that start from a teacher of the knockoff matrix, and who is asked what about them."""

from types import SimpleNamespace

import pytest

from distillab.tables.results import Results

BOTH = ["undistillable", "ta", "adversarial"]
LEFT = {"left": {"teacher_defense": "ls", "temperatures": [1, 5]}}


def members_of(plan, stage):
    return {m.id: m for m in plan.members.values() if m.stage == stage}


@pytest.fixture
def plan(plan_of):
    return plan_of({"studies": BOTH, "chains": LEFT})


def test_step_0_is_the_teacher_itself(plan):
    own = [i for i in members_of(plan, "distill") if i.startswith("left-T5") and i.endswith("s0")]
    assert own == ["left-T5-step1-s0", "left-T5-step2-s0"]
    assert plan.members["left-T5-step0-s0-labels"].parents["model"] == "ls-cnn_digits-s0"
    assert plan.members["left-T5-step1-s0"].parents["soft_labels"] == "left-T5-step0-s0-labels"
    assert plan.members["left-T5-step2-s0"].parents["soft_labels"] == "left-T5-step1-s0-labels"


def test_all_temperatures_share_the_teacher_and_nothing_else(plan):
    first = [plan.members[f"left-T{t}-step0-s1-labels"] for t in (1, 5)]
    assert {m.parents["model"] for m in first} == {"ls-cnn_digits-s1"}
    assert len({m.key for m in first}) == 2


def test_the_teachers_defense_is_in_the_keys_of_its_chain_and_of_no_other(plan_of, plan):
    other = plan_of({"studies": BOTH, "chains": LEFT, "defenses": {"ls": {"label_smoothing": 0.2}}})
    changed = {i for i, m in members_of(plan, "distill").items() if m.key != other.members[i].key}
    assert changed == {i for i in members_of(plan, "distill") if i.startswith("left-")}


def test_such_chains_belong_to_the_study_of_adversarial_training(plan_of):
    for studies, chains in ((["ta"], {"ta"}), (["adversarial"], {"left"}), (["undistillable"], set())):
        plan = plan_of({"studies": studies, "chains": LEFT})
        assert {m.axes["chain"] for m in members_of(plan, "distill").values()} == chains


def test_the_steps_meet_the_attacks_of_their_teacher(plan_of):
    attacks = {"pgd_linf": {"families": ["teachers"]}, "cw_l2": {"families": ["chains"]}}
    plan = plan_of({"studies": BOTH, "chains": LEFT, "robustness": {"attacks": attacks}})
    met = {(m.axes["model"], m.axes["attack"]) for m in members_of(plan, "attack").values()}
    assert {attack for model, attack in met if model.startswith("left-")} == {"pgd_linf"}
    assert {attack for model, attack in met if model.startswith("ta-")} == {"cw_l2"}
    assert not [i for i in members_of(plan, "sensitivity") if i.startswith("left-")]


def test_tables_know_whom_a_chain_goes_back_to(plan):
    runs = {run.member.id: run for run in Results(SimpleNamespace(plan=plan)).planned}
    step = runs["left-T5-step2-s1"]
    assert (step.role, step.chain, step.step) == ("chain", "left", 2)
    assert (step.teacher, step.defense, step.attack) == ("ls-cnn_digits", "ls", "")
    assert (runs["ta-T5-step2-s1"].teacher, runs["ta-T5-step2-s1"].defense) == ("", "")
    assert (runs["ls-cnn_digits-s1"].teacher, runs["ls-cnn_digits-s1"].defense) == ("", "ls")
    copy = runs["ls-cnn_digits--kd-cnn_digits-s1"]
    assert (copy.teacher, copy.defense, copy.attack) == ("ls-cnn_digits", "ls", "kd")
