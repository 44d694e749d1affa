"""From parameters to members: which there are, and what their keys depend on."""

import re

import pytest

from distillab.core.errors import SpecError
from distillab.core.stages import BATCHABLE
from distillab.defenses.ls import LabelSmoothingDefense
from distillab.plan.build import build_plan

MADE_FROM_ALL = {"collect", "report"}
"""Stages whose payloads depend on every other member."""


def keys(plan, *, without=()):
    return {m.id: m.key for m in plan.members.values() if m.stage not in {*MADE_FROM_ALL, *without}}


def changed(before, after):
    """Stages of the members in both plans whose key differs."""
    assert keys(before).keys() <= keys(after).keys()
    return {before.members[i].stage for i, key in keys(before).items() if keys(after)[i] != key}


def test_the_matrix_is_complete(plan_of):
    families = ["teachers", "knockoffs", "chains"]
    plan = plan_of({"knockoff": {"label_smoothing": [0.1, 0.2]}, "robustness": {"families": families}})
    counts = {
        stage: sum(m.stage == stage for m in plan.members.values()) for stage in ("prepare", *BATCHABLE, "answer")
    }
    defenses, post_hoc, seeds, smoothings, attacks = 4, 1, 2, 2, 2
    certified, certifiers = 1, 2
    teachers, knockoffs = defenses * seeds, defenses * attacks * seeds
    attacked = (defenses - post_hoc) * seeds
    temperatures, steps = 2, 3
    chain = temperatures * steps * seeds
    labels = temperatures * (steps - 1) * seeds
    rescaled = steps * seeds  # at the one temperature that is not 1
    assert counts == {
        "prepare": 2,
        "teach": teachers,
        "baseline": smoothings * seeds,
        "knockoff": knockoffs,
        "answer": teachers,
        "distill": chain + labels,
        "measure": teachers + smoothings * seeds + knockoffs + chain,
        "sensitivity": chain,
        "attack": (attacked + knockoffs + chain + rescaled) * attacks,
        "certify": certified * seeds * certifiers,
    }


def test_headline_cells_get_their_seeds_and_nothing_else_does(plan_of):
    headline = {"defenses": ["st"], "attacks": ["mkd"], "seeds": [2, 3]}
    plan = plan_of({"studies": ["undistillable"], "headline": headline})
    extra = {m.id for m in plan.members.values() if m.seed > 1 and m.stage not in {"answer", "measure"}}
    assert extra == {
        f"{model}-s{seed}"
        for model in ("ce-cnn_digits", "st-cnn_digits", "ls0.1-cnn_digits", "st-cnn_digits--mkd-cnn_digits")
        for seed in (2, 3)
    }


def test_an_attacker_who_tunes_tries_other_settings_each_time(plan_of):
    plan = plan_of({"knockoff": {"trials": 3}})
    tried = [
        m
        for m in plan.members.values()
        if m.stage == "knockoff" and m.seed == 0 and m.axes["teacher"] == "ce-cnn_digits"
    ]
    names = sorted(m.axes["knockoff"] for m in tried)
    assert names == sorted(
        f"{attack}{trial}-cnn_digits" for attack in ("kd", "mkd") for trial in ("", "_trial0", "_trial1", "_trial2")
    )
    assert len({m.key for m in tried}) == len(tried)


def test_a_defense_may_be_for_some_networks_and_have_its_recipe(plan_of):
    plan = plan_of({"defenses": {"cmim": {"networks": ["resnet20"]}, "ls": {"train": {"epochs": 3}}}})
    assert not [i for i in plan.members if i.startswith("cmim-")]
    epochs = {m.axes["teacher"]: m.spec["train"]["epochs"] for m in plan.members.values() if m.stage == "teach"}
    assert epochs == {"ce-cnn_digits": 6, "ls-cnn_digits": 3, "st-cnn_digits": 6}


def test_headline_and_trials_are_checked_before_any_job(plan_of):
    with pytest.raises(SpecError, match=r"headline.attacks: expected some of kd, mkd; got 'dkd'"):
        plan_of({"headline": {"attacks": ["dkd"]}})
    with pytest.raises(SpecError, match=r"knockoff.trials: 2 to choose from, but data.val is 0"):
        plan_of({"knockoff": {"trials": 2}, "data": {"val": 0}})


def test_parents_come_first(plan_of):
    seen = set()
    for member in plan_of().members.values():
        assert set(member.parents.values()) <= seen
        seen.add(member.id)


def test_ids_are_flat_and_paths_unique(plan_of):
    plan = plan_of(preset="digits")
    paths = [m.path for m in plan.members.values() if m.path]
    assert len(set(paths)) == len(paths)
    assert all(i == m.id for i, m in plan.members.items())
    made = [m for m in plan.members.values() if m.stage not in MADE_FROM_ALL]
    assert all(re.fullmatch(r"[\w.-]+", m.id) for m in made)
    assert all(re.fullmatch(r"[\w.-]+", value) for m in made for value in m.axes.values())
    assert len({m.key for m in plan.members.values()}) == len(plan.members)


@pytest.mark.parametrize(
    "override",
    [
        {"robustness": {"attacks": {"measure": {"name": "pgd", "eps": 0.1, "step_size": 0.1}}}},
        {"robustness": {"attacks": {"answers": {"name": "pgd", "eps": 0.1, "step_size": 0.1}}}},
        {"defenses": {"ls0": {"name": "ce"}}, "knockoff": {"label_smoothing": [0]}},
        {"knockoff": {"label_smoothing": [0.1, 0.1000001]}},
    ],
    ids=["measurement", "answers", "LS student", "near twins"],
)
def test_two_payloads_of_one_name_are_refused(plan_of, override):
    with pytest.raises(SpecError, match="share a name") as error:
        plan_of(override)
    assert "\n" not in str(error.value)


def test_two_equal_pairs_are_one(plan_of):
    pair = {"teacher": "cnn_digits", "student": "cnn_digits"}
    assert plan_of({"pairs": [pair, pair]}).members.keys() == plan_of().members.keys()


def test_another_seed_changes_no_existing_key(plan_of):
    before, after = plan_of({"seeds": [0, 1]}), plan_of({"seeds": [5, 0, 1]})
    assert changed(before, after) == set()
    assert {m.seed for m in after.members.values()} == {0, 1, 5}


@pytest.mark.parametrize(
    "override",
    [
        {"defenses": {"ls2": {"name": "ls", "label_smoothing": 0.2}}},
        {"robustness": {"attacks": {"far": {"name": "pgd", "eps": 0.5, "step_size": 0.1}}}},
        {"knockoff": {"attacks": {"hot": {"name": "kd", "temperature": 9}}, "label_smoothing": [0.1, 0.3]}},
        {"pairs": [{"teacher": f"{t}_digits", "student": "cnn_digits"} for t in ("cnn", "papernot")]},
    ],
    ids=["defense", "attack", "knockoff", "network"],
)
def test_another_method_changes_no_existing_key(plan_of, override):
    assert changed(plan_of(), plan_of(override)) == set()


@pytest.mark.parametrize(
    "override",
    [
        {"batch": {stage: [] for stage in BATCHABLE}},
        {"batch": {stage: list(axes) for stage, axes in BATCHABLE.items()}},
        {"device": "cuda"},
        {"train": {"checkpoint_every": 1}},
    ],
    ids=["no batch", "all batched", "device", "checkpoints"],
)
def test_how_it_is_made_changes_no_key(plan_of, override):
    before, after = plan_of(), plan_of(override)
    assert {i: m.key for i, m in before.members.items()} == {i: m.key for i, m in after.members.items()}


@pytest.mark.parametrize(
    ("override", "stages"),
    [
        ({"train": {"epochs": 7}}, set(BATCHABLE) | {"answer"}),
        ({"train": {"threads": 2}}, set(BATCHABLE) | {"answer"}),
        ({"student_train": {"epochs": 7}}, {"baseline", "knockoff", "measure"}),
        ({"knockoff": {"attacks": {"kd": {"temperature": 5}}}}, {"knockoff", "measure"}),
        ({"robustness": {"attacks": {"pgd_linf": {"steps": 6}}}}, {"attack"}),
        ({"measure": {"powers": [0.0, 3.0]}}, {"measure"}),
    ],
    ids=["recipe", "threads", "students' recipe", "knockoff", "attack", "powers"],
)
def test_a_key_changes_with_what_the_payload_is_made_of(plan_of, override, stages):
    before, after = plan_of(), plan_of(override)
    assert changed(before, after) == stages
    assert before.members["metrics.json"].key != after.members["metrics.json"].key


def test_one_defense_changes_its_own_descendants_only(plan_of):
    before, after = keys(plan_of()), keys(plan_of({"defenses": {"ls": {"label_smoothing": 0.2}}}))
    different = {i for i in before if before[i] != after[i]}
    assert different == {i for i in before if i.startswith("ls-")}


@pytest.mark.parametrize("change", [{"eps": 0.2}, {"batch_size": 7}], ids=["radius", "batch size"])
def test_one_attack_changes_its_own_tables_only(plan_of, change):
    before, after = keys(plan_of()), keys(plan_of({"robustness": {"attacks": {"pgd_linf": change}}}))
    different = {i for i in before if before[i] != after[i]}
    assert different == {i for i, m in plan_of().members.items() if m.axes.get("attack") == "pgd_linf"}
    assert different


def test_tables_are_made_again_when_they_call_a_method_otherwise(plan_of, monkeypatch):
    before = plan_of()
    monkeypatch.setattr(LabelSmoothingDefense, "label", "smoothed")
    after = plan_of()
    different = {member.stage for key, member in after.members.items() if member.key != before.members[key].key}
    assert different == {"collect", "report"}


def test_a_page_is_made_again_when_its_source_changes(project, plan_of):
    before = plan_of()
    (project() / "reports" / "undistillable.py").write_text("from distillab.reporting import figures\n")
    after = build_plan(project())
    assert before.members["report-index"].key == after.members["report-index"].key
    assert before.members["report-undistillable"].key != after.members["report-undistillable"].key


def test_a_page_is_made_again_when_a_benchmark_that_it_shows_changes(project, plan_of):
    certified = {"studies": ["undistillable", "certified"], "certification": {"defenses": []}}
    before = plan_of(certified)
    results = project(certified) / "benchmarks" / "certify" / "results"
    results.mkdir(parents=True)
    (results / "width.json").write_text("{}")
    after = build_plan(project(certified))
    assert before.members["report-undistillable"].key == after.members["report-undistillable"].key
    assert before.members["report-certified"].key != after.members["report-certified"].key


def test_the_preset_names_the_place_and_not_the_key(project, plan_of):
    before = plan_of()
    (project() / "config" / "twin.yaml").write_text((project() / "config" / "tiny.yaml").read_text())
    after = plan_of(preset="twin")
    assert keys(before) == keys(after)
    assert all(m.path.startswith("results/twin/") for m in after.members.values() if m.path)


def test_a_study_brings_its_own_models_only(plan_of):
    stages = {
        study: {m.stage for m in plan_of({"studies": [study]}).members.values()} for study in ("undistillable", "ta")
    }
    assert {"teach", "baseline", "knockoff"} <= stages["undistillable"]
    assert not {"distill", "sensitivity"} & stages["undistillable"]
    assert {"distill", "sensitivity"} <= stages["ta"]
    assert not {"teach", "baseline", "knockoff", "answer"} & stages["ta"]


def test_a_step_hangs_on_the_soft_labels_of_the_step_before_and_on_nothing_else_of_it(plan_of):
    members = plan_of().members
    assert members["ta-T5-step0-s0"].parents.keys() == {"images", "split"}
    assert members["ta-T5-step2-s0"].parents["soft_labels"] == "ta-T5-step1-s0-labels"
    assert members["ta-T5-step1-s0-labels"].parents["model"] == "ta-T5-step1-s0"
    assert "ta-T5-step2-s0-labels" not in members


def test_another_temperature_changes_no_existing_chain(plan_of):
    before, after = plan_of(), plan_of({"chains": {"ta": {"temperatures": [1, 5, 20]}}})
    assert changed(before, after) == set()
    assert "ta-T20-step2-s1" in after.members


def test_a_chain_may_shrink_start_warm_and_end_with_one_seed(plan_of):
    chain = {"networks": ["papernot_digits", "cnn_digits"], "init": "common_warm", "steps": 3, "one_seed_from": 2}
    members = plan_of({"chains": {"ta": None, "takd": chain}}).members
    networks = [members[f"takd-T1-step{step}-s0"].spec["model"]["name"] for step in range(4)]
    assert networks == ["papernot_digits", "cnn_digits", "cnn_digits", "cnn_digits"]
    warm = {members[f"takd-T{t}-step{step}-s0"].parents["warm"] for t in (1, 20) for step in range(4)}
    assert warm == {"takd-warm-papernot_digits-s0", "takd-warm-cnn_digits-s0"}
    assert "takd-T1-step1-s1" in members
    assert "takd-T1-step2-s1" not in members
    assert "takd-T1-step1-s1-labels" not in members


def test_the_learning_rate_follows_the_temperature_where_asked(plan_of):
    for scaled, factor in ((True, 5), (False, 1)):
        members = plan_of({"chains": {"ta": {"scale_lr": scaled}}}).members
        rates = [members[f"ta-T{t}-step0-s0"].spec["train"]["optimizer"]["lr"] for t in (1, 5)]
        assert rates[1] == pytest.approx(factor * rates[0])


def test_attacks_see_rescaled_logits_where_there_is_a_temperature(plan_of):
    members = plan_of().members
    assert members["ta-T5-step1-s0-cw_l2-rescaled"].spec["temperature"] == 5
    assert members["ta-T5-step1-s0-cw_l2"].spec["temperature"] == 1
    assert "ta-T1-step1-s0-cw_l2-rescaled" not in members


def test_an_attack_may_have_families_of_its_own(plan_of):
    plan = plan_of({"robustness": {"attacks": {"cw_l2": {"families": ["chains"]}}}})
    attacked = {m.axes["family"] for m in plan.members.values() if m.stage == "attack" and m.axes["attack"] == "cw_l2"}
    assert attacked == {"chains"}
