"""The table ``models``: each column from that model's own answers, on the split that the column names."""

from math import log

import numpy as np
import pytest

from distillab.tables import models

NAN = float("nan")
LABELS = {"train": [0, 1, 2], "val": [2, 1, 0, 0, 1], "test": [0, 1, 2, 0]}
TEACHER = [(0.82, 0.10, 0.08), (0.30, 0.62, 0.08), (0.20, 0.72, 0.08), (0.90, 0.04, 0.06)]
"""On test images: right, right, wrong, right."""

IDENTITY = ("model", "role", "defense", "attack", "teacher", "arch", "thief", "chain", "temperature", "step", "seed")


@pytest.fixture
def results(made_up):
    return made_up(("ce", "st"), ("kd", "rkd"), labels=LABELS)


def row_of(results, run):
    (row,) = [row for row in models.rows(results) if (row["model"], row["seed"]) == (run.model, run.seed)]
    return row


def said_on_test():
    """Entropy, ECE, NLL, Brier score and confidence of TEACHER, each top probability in a bin of its own."""
    entropy = -sum(p * log(p) for row in TEACHER for p in row) / 4
    return {
        "entropy_nats": entropy,
        "entropy_normalized": entropy / log(3),
        "ece": (0.18 + 0.38 + 0.72 + 0.10) / 4,
        "nll": -(log(0.82) + log(0.62) + log(0.08) + log(0.90)) / 4,
        "brier": (0.0488 + 0.2408 + 1.4048 + 0.0152) / 4,
        "confidence": (0.82 + 0.62 + 0.90) / 4,
    }


def test_a_teachers_whole_row(results, same_row):
    run = results.teacher(
        "ce", seed=3, val=2, test=TEACHER, parameters=77, history=[{"loss": 1.0}, {"loss": 0.5}, {"loss": 0.25}]
    )
    results.teacher("ce", seed=4, val=5, test=4)
    same_row(row_of(results, run), {
        "model": "ce-wide", "role": "teacher", "defense": "ce", "attack": "", "teacher": "", "arch": "wide",
        "thief": "", "chain": "", "temperature": NAN, "step": -1, "seed": 3,
        "defense_label": "CE", "grade": "of ce", "attack_label": "", "label_smoothing": NAN, "chosen": True,
        "parameters": 77, "epochs": 3,
        "val_accuracy": 2 / 5, "val_n": 5, "test_accuracy": 3 / 4, "test_n": 4,
        **said_on_test(), "agreement": NAN, "flip_rate": NAN, "change_l1": NAN,
    })  # fmt: skip


def test_every_model_has_a_row_in_plan_order(results):
    first, second = results.teacher("ce", seed=1), results.teacher("ce", seed=0)
    students = [results.ls_student(0.1, seed=1), results.knockoff("kd", second), results.knockoff("kd", first)]
    step = results.step("dd", temperature=20.0, step=1, source=first, seed=1)
    found = [tuple(row[name] for name in ("model", "seed")) for row in models.rows(results)]
    assert found == [(run.model, run.seed) for run in (first, second, *students, step)]
    assert [{name: row[name] for name in IDENTITY} for row in models.rows(results)] == [
        pytest.approx(run.key(), nan_ok=True) for run in results.runs
    ]


def test_a_knockoff_agrees_with_the_teacher_of_its_own_seed(results):
    said = {0: [0, 1, 2, 0], 1: [1, 1, 2, 2], 2: [1, 0, 0, 0]}
    eye = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    teachers = {seed: results.teacher("ce", seed=seed, test=eye[classes]) for seed, classes in said.items()}
    results.teacher("st", seed=1, test=eye[[2, 2, 1, 1]])
    thief = {seed: results.knockoff("rkd_trial2", teachers[seed], test=eye[[0, 1, 2, 2]]) for seed in said}
    assert [row_of(results, thief[seed])["agreement"] for seed in said] == [3 / 4, 3 / 4, 0]
    other = results.knockoff("kd", teachers[1], test=eye[[1, 1, 2, 2]])
    assert row_of(results, other)["agreement"] == 1.0
    row = row_of(results, thief[0])
    assert (row["attack_label"], row["defense_label"], row["grade"]) == ("RKD", "CE", "of ce")
    assert row["test_accuracy"] == 3 / 4


def test_only_the_smoothing_with_the_best_mean_on_validation_images_is_chosen(results):
    """On test images, and on those of the last seed alone, another one is the best."""
    right = {0.05: ((4, 2), (0, 1)), 0.1: ((5, 2), (0, 1)), 0.2: ((1, 4), (4, 4))}
    for smoothing, (val, test) in right.items():
        for seed in (0, 1):
            results.ls_student(smoothing, seed=seed, val=val[seed], test=test[seed])
    results.ls_student(0.05, net="slim", seed=0, val=3, test=1)
    results.ls_student(0.2, net="slim", seed=0, val=2, test=4)
    assert models.chosen_smoothing(results) == {"thin": 0.1, "slim": 0.05}
    assert [(row["arch"], row["label_smoothing"], row["seed"]) for row in models.rows(results) if row["chosen"]] == [
        ("thin", 0.1, 0), ("thin", 0.1, 1), ("slim", 0.05, 0),
    ]  # fmt: skip


def test_of_equal_smoothings_the_smallest_is_chosen(results):
    for smoothing in (0.2, 0.1, 0.3):
        results.ls_student(smoothing, val=3, test=round(10 * smoothing))
    assert models.chosen_smoothing(results) == {"thin": 0.1}


def test_teachers_and_knockoffs_have_no_smoothing_to_choose(results):
    results.knockoff("kd", results.teacher("ce"))
    assert models.chosen_smoothing(results) == {}
    assert all(row["chosen"] for row in models.rows(results))


def test_a_single_smoothing_needs_no_validation_images(made_up):
    results = made_up(("ce",), labels=LABELS | {"val": []})
    run = results.ls_student(0.3, test=1)
    assert models.chosen_smoothing(results) == {"thin": 0.3}
    row = row_of(results, run)
    assert np.isnan(row["val_accuracy"])
    assert (row["val_n"], row["test_accuracy"], row["label_smoothing"]) == (0, 0.25, 0.3)


def test_what_a_defense_of_the_outputs_changes(results, monkeypatch):
    """Two of four classes flip; each image is moved by 2 * |change of one probability|."""
    plain = results.teacher("ce", seed=0, test=TEACHER, history=[{"loss": 1.0}])
    results.teacher("ce", seed=1, test=TEACHER[::-1])
    moved = [(0.42, 0.50, 0.08), (0.30, 0.62, 0.08), (0.20, 0.32, 0.48), (0.80, 0.14, 0.06)]
    run = results.teacher("st", seed=0, test=moved, parents={"ce": plain.member.id})
    row = row_of(results, run)
    assert row["flip_rate"] == 0.5
    assert row["change_l1"] == pytest.approx((0.8 + 0 + 0.8 + 0.2) / 4, rel=1e-5)
    assert row["epochs"] == 0
    monkeypatch.setattr("distillab.metrics.arrays.BLOCK", 9)
    assert row_of(results, run)["change_l1"] == pytest.approx(row["change_l1"]), "in blocks of three images and of one"


def test_a_defense_that_trains_changes_no_outputs_of_another(results):
    plain = results.teacher("ce", test=TEACHER)
    run = results.teacher("st", test=TEACHER[::-1], parents={"ce": plain.member.id}, history=[{"loss": 1.0}])
    row = row_of(results, run)
    assert np.isnan([row["flip_rate"], row["change_l1"]]).all()


def test_a_knockoff_changes_no_outputs_of_another(results):
    plain = results.teacher("ce", test=TEACHER)
    run = results.knockoff("kd", plain, test=TEACHER[::-1], parents={"ce": plain.member.id})
    row = row_of(results, run)
    assert np.isnan([row["flip_rate"], row["change_l1"]]).all()


@pytest.mark.parametrize(("split", "share"), [("train", 1 / 3), ("val", 4 / 5), ("test", 2 / 4)])
def test_accuracy_is_that_of_the_split(results, split, share):
    run = results.teacher("ce", train=1, val=4, test=2)
    results.teacher("ce", seed=1, train=3, val=1, test=3)
    assert models.split_accuracy(results, run, split) == pytest.approx(share)


def test_a_refitted_student_has_the_accuracy_of_before_its_choice(made_up):
    """It learned from those images afterwards: what it says of them now tells nothing."""
    results = made_up(("ce",), labels=LABELS | {"val": []})
    for smoothing, before in ((0.1, 0.4), (0.3, 0.6), (0.2, 0.2)):
        run = results.ls_student(smoothing, test=1, results={"choice_accuracy": before, "choice_n": 5})
    assert models.chosen_smoothing(results) == {"thin": 0.3}
    row = row_of(results, run)
    assert (row["val_accuracy"], row["val_n"], row["test_accuracy"]) == (0.2, 5, 0.25)
