"""Tables of the knockoff matrix: verdicts over two sets of attacks, and the attacker who tunes."""

import pytest

from distillab.stages.tables import knockoff

SEEDS = (0, 1, 2)


@pytest.fixture
def results(made_up):
    """One teacher, an LS student at 0.5, KD at 0.5, the unpublished attack at 0.9."""
    found = made_up({"ce": {"name": "ce"}}, ("kd", "extra"))
    for seed in SEEDS:
        found.add("teacher", seed=seed, defense="ce", test=0.9)
        found.add("ls_student", seed=seed, eps=0.1)
        found.add("knockoff", seed=seed, defense="ce", attack="kd", test=0.5)
        found.add("knockoff", seed=seed, defense="ce", attack="extra", test=0.9)
    return found


def test_a_teacher_has_a_verdict_over_all_attacks_and_one_over_the_papers(results):
    (row,) = knockoff.verdict_rows(results)
    assert (row["verdict"], row["best_attack"], row["attacks"]) == ("distillable", "extra", 2)
    assert (row["paper_verdict"], row["paper_best_attack"], row["paper_attacks"]) == ("undecided", "kd", 1)


def test_without_an_attack_of_the_paper_its_verdict_is_empty(made_up):
    found = made_up({"ce": {"name": "ce"}}, ("extra",))
    found.add("ls_student", seed=0, eps=0.1)
    found.add("knockoff", seed=0, defense="ce", attack="extra")
    (row,) = knockoff.verdict_rows(found)
    assert row["verdict"] == "undecided"
    assert row["paper_verdict"] is None


def test_several_students_are_judged_together_too(results):
    for seed in SEEDS:
        results.add("ls_student", seed=seed, eps=0.1, arch="wide", test=0.5)
        results.add("knockoff", seed=seed, defense="ce", attack="kd", arch="wide", test=0.95)
    rows = {row["student"]: row for row in knockoff.verdict_rows(results)}
    assert list(rows) == ["net", "wide", knockoff.EVERY_STUDENT]
    assert rows[knockoff.EVERY_STUDENT]["best_attack"] == "kd on wide"
    assert rows[knockoff.EVERY_STUDENT]["paper_verdict"] == "distillable"


def test_tuning_takes_what_validation_images_choose_and_not_what_test_images_would(results):
    for seed in SEEDS:
        results.add("knockoff", seed=seed, defense="ce", attack="kd_trial0", val=0.8, test=0.6)
        results.add("knockoff", seed=seed, defense="ce", attack="kd_trial1", val=0.6, test=1.0)
    rows = {row["attack"]: row for row in knockoff.rows(results)}
    assert set(rows) == {"kd", "kd_tuned", "extra"}
    assert rows["kd_tuned"]["knockoff_accuracy"] == pytest.approx(0.6)
    assert rows["kd_tuned"]["attack_label"] == "KD tuned"
    assert not rows["kd_tuned"]["in_paper"]


def test_the_attacks_own_setting_may_be_the_best_trial(results):
    for seed in SEEDS:
        results.add("knockoff", seed=seed, defense="ce", attack="extra_trial0", val=0.1, test=1.0)
    rows = {row["attack"]: row for row in knockoff.rows(results)}
    assert rows["extra_tuned"]["knockoff_accuracy"] == rows["extra"]["knockoff_accuracy"]
