"""What labels alone are worth: every control of every thief, from the fewest labels up."""

import by_hand
import pytest
from made_run import means
from theft_run import TEST, counts, theft_run, without

from distillab.tables import labels

THIEVES = {
    "poor": means(12, seeds=range(4)), "paper": means("all", queries="labeled", seeds=range(3)),
    "labels_6": means(6, queries="none", seeds=range(2)), "poorer": means(3, answers="label", seeds=range(3)),
}  # fmt: skip
CONTROLS = {
    ("poor", "ls_student"): counts(0, 120, 124, 131, 125), ("poor", "pseudo_student"): counts(0, 140, 141, 148),
    ("paper", "ls_student"): counts(0, 170, 176, 173), ("labels_6", "ls_student"): counts(0, 90, 93),
    ("poorer", "ls_student", "slim"): counts(2, 60, 64, 71),
}  # fmt: skip


@pytest.fixture
def results():
    return theft_run({("poor", "ce", "kd"): counts(0, 150)}, CONTROLS, thieves=THIEVES)


def test_rows_are_by_student_and_role_from_the_fewest_labels_up(results):
    assert [
        (row["student"], row["role"], row["labels"], row["thief"], row["seeds"]) for row in labels.rows(results)
    ] == [
        ("slim", "ls_student", 3, "poorer", 3),
        ("thin", "ls_student", 6, "labels_6", 2), ("thin", "ls_student", 12, "poor", 4),
        ("thin", "ls_student", 50, "paper", 3), ("thin", "pseudo_student", 12, "poor", 3),
    ]  # fmt: skip


def test_a_controls_whole_row(results, same_row):
    row = next(row for row in labels.rows(results) if (row["thief"], row["role"]) == ("poor", "ls_student"))
    low, high = by_hand.share_bounds([0.6, 0.62, 0.655, 0.625], TEST)
    same_row(row, {
        "thief": "poor", "role": "ls_student", "student": "thin", "labels": 12, "accuracy": 0.625, "low": low,
        "high": high, "seeds": 4, "test_n": TEST,
    })  # fmt: skip


def test_agreeing_seeds_have_the_interval_of_one_image(results):
    for seed in range(3):
        results.ls_student(0.1, seed=seed, net="flat", thief="paper", test=160)
    row = next(row for row in labels.rows(results) if row["student"] == "flat")
    assert (row["low"], row["high"]) == pytest.approx(by_hand.share_bounds([0.8] * 3, TEST))


def test_below_three_seeds_there_is_no_interval(results):
    row = next(row for row in labels.rows(results) if row["labels"] == 6)
    assert (row["accuracy"], row["low"], row["high"]) == (pytest.approx(91.5 / TEST), None, None)


def test_what_is_not_there_has_no_row(results):
    gone = without(results, "ls0.1-thin--labels_6-s0", "ls0.1-thin--labels_6-s1", "ls0.1-thin--poor-s1")
    assert [(row["labels"], row["seeds"]) for row in labels.rows(gone) if row["role"] == "ls_student"] == [
        (3, 3), (12, 3), (50, 3),
    ]  # fmt: skip
