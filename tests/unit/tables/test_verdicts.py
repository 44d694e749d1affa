"""Verdicts over fewer networks than planned: a leak stands, with the levels of the plan; the rest is open."""

from math import sqrt

import numpy as np
import pytest

from distillab.tables import knockoff, verdicts

LABELS = {"train": np.arange(40) % 4, "val": np.arange(10) % 4, "test": np.arange(20) % 4}
SEEDS, LS = (5, 3, 4, 6), (10, 12, 14, 11)
LEVELS = {1: 2.353363434801825, 2: 3.182446305284263}
"""Student's quantiles with three degrees of freedom, at 5 % and at half of it."""


@pytest.fixture
def study(made_up):
    """A teacher that KD and an attack of ours try to steal; gains in images by attack, the same at every seed."""

    def make(**gains):
        found = made_up(("ce",), tuple(gains), labels=LABELS)
        for seed, ls in zip(SEEDS, LS, strict=True):
            found.ls_student(0.1, seed=seed, test=ls)
            for attack, gain in gains.items():
                found.knockoff(attack, found.teacher("ce", seed=seed), test=ls + gain)
        return found

    return make


def without(found, *names):
    found.missing = dict.fromkeys(names, "killed")
    found.forget()
    return found


def test_nothing_is_undistillable_of_an_incomplete_family(study):
    found = study(kd=-4, extra=-5)
    (whole,) = verdicts.rows(found)
    assert (whole["verdict"], whole["literal"], whole["missing"]) == ("undistillable", False, 0)
    (row,) = verdicts.rows(without(found, "ce-wide--extra-thin-s3"))
    assert (row["verdict"], row["literal"], row["missing"], row["attacks"]) == ("undecided", None, 1, 2)
    assert row["reason"] == f"1 network is missing; of what is there, {whole['reason']}"
    assert (row["paper_verdict"], row["paper_literal"], row["paper_missing"]) == ("undistillable", False, 0)


@pytest.mark.parametrize(
    "gone", [("ce-wide--kd-thin-s5-measure",), ("ls0.1-thin-s5",), ("ls0.1-thin-s5", "ls0.1-thin-s5-measure")]
)
def test_networks_count_once_with_their_answers_and_ls_students_count(study, gone):
    found = study(kd=-4)
    for seed in SEEDS:
        for model in (f"ce-wide--kd-thin-s{seed}", f"ls0.1-thin-s{seed}"):
            found.make("measure", f"{model}-measure", parents={"model": model})
    (row,) = verdicts.rows(without(found, *gone))
    assert (row["verdict"], row["missing"], row["paper_missing"], row["seeds"]) == ("undecided", 1, 1, 3)


def test_a_leak_stands_at_the_level_of_the_family_that_was_planned(study):
    """KD gains two images of 20 at each of four seeds; sd is floored at one image."""
    found = study(kd=2, extra=-5)
    gone = [f"ce-wide--extra-thin-s{seed}" for seed in SEEDS]
    (row,) = verdicts.rows(without(found, *gone))
    assert (row["verdict"], row["attacks"], row["missing"], row["literal"]) == ("distillable", 1, 4, True)
    assert row["lower"] == pytest.approx(0.1 - LEVELS[2] * 0.05 / sqrt(4))
    assert row["paper_lower"] == pytest.approx(0.1 - LEVELS[1] * 0.05 / sqrt(4))


def test_without_its_ls_student_a_seed_is_compared_with_none(study):
    found = without(study(kd=2), "ls0.1-thin-s4")
    (row,) = knockoff.rows(found)
    assert (row["seeds"], row["missing"]) == (3, 1)
    assert (row["knockoff_accuracy"], row["ls_accuracy"]) == (pytest.approx(13 / 20), pytest.approx(11 / 20))
    assert row["delta"] == pytest.approx(0.1)


def test_without_any_ls_student_there_is_nothing_to_compare(study):
    found = without(study(kd=2), *(f"ls0.1-thin-s{seed}" for seed in SEEDS))
    assert (knockoff.rows(found), verdicts.rows(found)) == ([], [])


def test_without_the_papers_attacks_its_verdict_is_empty_and_says_how_many_are_missing(study):
    found = without(study(kd=2, extra=2), *(f"ce-wide--kd-thin-s{seed}" for seed in SEEDS))
    (row,) = verdicts.rows(found)
    assert (row["paper_verdict"], row["paper_missing"], row["verdict"]) == (None, 4, "distillable")


def test_all_students_stay_all_students_without_one_of_them(study):
    found = study(kd=2)
    for seed in SEEDS:
        found.ls_student(0.1, seed=seed, net="slim")
        found.knockoff("kd", found.teacher("ce", seed=seed), net="slim")
    found = without(found, *(f"ce-wide--kd-slim-s{seed}" for seed in SEEDS))
    assert [(row["student"], row["best_attack"], row["missing"]) for row in verdicts.rows(found)] == [
        ("thin", "kd", 0), (verdicts.EVERY_STUDENT, "kd on thin", 4),
    ]  # fmt: skip


def test_a_tuned_attacker_misses_a_trial(study):
    found = study(kd=2)
    for seed in SEEDS:
        found.knockoff("kd_trial0", found.teacher("ce", seed=seed))
    rows = knockoff.rows(without(found, "ce-wide--kd_trial0-thin-s4"))
    assert [(row["attack"], row["missing"]) for row in rows] == [("kd", 0), ("kd_tuned", 1)]
