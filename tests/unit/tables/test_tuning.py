"""The attacker who tunes: one more cell where an attack had trials, chosen on validation images."""

import pytest

from distillab.tables import cells

CELL = ("ce-wide", "thin", "kd", False)


@pytest.fixture
def results(made_up):
    """KD against one teacher at three seeds, right on 5 of 8 validation images and 1 of 10 test images."""
    found = made_up(("ce", "st"), ("kd", "rkd"))
    for seed in (0, 1, 2):
        found.knockoff("kd", found.teacher("ce", seed=seed), val=5, test=1)
    return found


def add(results, attack, right, *, test=1, defense="ce", net="thin", seeds=(0, 1, 2)):
    """Knockoffs that are right on these numbers of validation images, by seed."""
    for seed, val in zip(seeds, right, strict=True):
        results.knockoff(attack, results.teacher(defense, seed=seed), val=val, test=test, net=net)


def tuned(results):
    """Which attack the tuned cell of KD shows, and at which seeds."""
    runs = cells.runs_by_cell(results)["ce-wide", "thin", "kd", True]
    (attack,) = {run.key()["attack"] for run in runs}
    assert {(run.teacher, run.arch) for run in runs} == {("ce-wide", "thin")}
    return attack, [run.seed for run in runs]


def test_attacks_without_trials_have_the_cells_of_their_runs_in_plan_order(results):
    add(results, "rkd", (8, 8, 8))
    add(results, "kd", (8, 8), defense="st", seeds=(2, 0))
    found = cells.runs_by_cell(results)
    assert list(found) == [CELL, ("ce-wide", "thin", "rkd", False), ("st-wide", "thin", "kd", False)]
    assert [run.seed for run in found["st-wide", "thin", "kd", False]] == [2, 0]
    assert [run.member.id for run in found[CELL]] == [f"ce-wide--kd-thin-s{seed}" for seed in (0, 1, 2)]


def test_validation_images_choose_whatever_test_images_say(results):
    add(results, "kd_trial0", (6, 6, 6), test=3)
    add(results, "kd_trial1", (7, 6, 6), test=0)
    add(results, "kd_trial2", (6, 6, 5), test=10)
    assert tuned(results) == ("kd_trial1", [0, 1, 2])


def test_the_mean_over_seeds_chooses_and_no_seed_alone(results):
    add(results, "kd_trial0", (6, 6, 6))
    add(results, "kd_trial1", (8, 1, 7))
    assert tuned(results) == ("kd_trial0", [0, 1, 2])


def test_the_attacks_own_setting_is_a_candidate(results):
    add(results, "kd_trial0", (4, 5, 5), test=10)
    assert tuned(results) == ("kd", [0, 1, 2])


def test_of_equal_settings_the_first_is_chosen(results):
    add(results, "kd_trial0", (6, 7, 6))
    add(results, "kd_trial1", (7, 6, 6))
    assert tuned(results)[0] == "kd_trial0"
    add(results, "kd_trial2", (5, 5, 5))
    assert tuned(results)[0] == "kd_trial0"


def test_a_trial_that_equals_the_attacks_own_setting_is_not_taken(results):
    add(results, "kd_trial0", (4, 5, 6))
    assert tuned(results)[0] == "kd"


def test_settings_are_compared_on_the_seeds_that_all_have(results):
    """At seed 3 the attack itself is right on all images, and the first trial at seed 1; the second was not run there.

    On seeds 0 and 2 the attack is right on 5 + 5, the first trial on 4 + 5, the second on 5 + 6.
    """
    add(results, "kd", (8,), seeds=(3,))
    add(results, "kd_trial0", (4, 8, 5))
    add(results, "kd_trial1", (5, 6), seeds=(0, 2))
    assert tuned(results) == ("kd_trial1", [0, 2])
    add(results, "kd_trial2", (7, 0, 5))
    assert tuned(results) == ("kd_trial2", [0, 1, 2])


def test_trials_belong_to_their_attack_teacher_and_student(results):
    add(results, "rkd", (1, 1, 1))
    add(results, "rkd_trial0", (8, 8, 8))
    add(results, "kd", (1, 1, 1), defense="st")
    add(results, "kd_trial0", (8, 8, 8), defense="st")
    add(results, "kd", (2, 2, 2), net="slim")
    add(results, "kd_trial0", (7, 7, 7), net="slim")
    add(results, "kd_trial0", (4, 4, 4))
    found = cells.runs_by_cell(results)
    assert list(found) == [
        CELL, ("ce-wide", "thin", "kd", True),
        ("ce-wide", "thin", "rkd", False), ("ce-wide", "thin", "rkd", True),
        ("st-wide", "thin", "kd", False), ("st-wide", "thin", "kd", True),
        ("ce-wide", "slim", "kd", False), ("ce-wide", "slim", "kd", True),
    ]  # fmt: skip
    assert tuned(results)[0] == "kd"
    chosen = {cell: runs[0].member.id for cell, runs in found.items() if cell.tuned}
    assert chosen == {
        ("ce-wide", "thin", "kd", True): "ce-wide--kd-thin-s0",
        ("ce-wide", "thin", "rkd", True): "ce-wide--rkd_trial0-thin-s0",
        ("st-wide", "thin", "kd", True): "st-wide--kd_trial0-thin-s0",
        ("ce-wide", "slim", "kd", True): "ce-wide--kd_trial0-slim-s0",
    }
