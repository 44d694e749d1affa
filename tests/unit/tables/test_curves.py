"""Robust accuracy on the grid of each attack, image by image."""

from math import inf

import numpy as np
import pytest
from attacked_run import AttackedRun, assert_row, method, struck

from distillab.tables import curves

ATTACKS = {"pgd": method("linf", eps=0.1), "cw": method("l2")}
PGD = struck({41: 0.1, 7: None, 23: 0.05, 12: inf, 30: 0.2})
CW = struck({41: inf, 7: 0.4, 23: inf, 12: 1.2, 30: inf})
RESCALED = struck({41: 0.5, 7: 0.25, 23: 1.5, 12: 1.0, 30: 1.6})


@pytest.fixture
def run():
    made = AttackedRun(ATTACKS)
    teacher, step = made.teacher("ce", seed=5, arch="papernot"), made.step(4.0, 1, seed=7, arch="small")
    made.attack(teacher, "pgd", PGD)
    made.attack(step, "cw", CW)
    made.attack(step, "cw", RESCALED, logits="rescaled")
    return made


def test_each_curve_counts_who_stands_on_the_grid_of_its_attack(run):
    """The grid ends at the attack's largest distance on any model and view: 0.2 for PGD, 1.6 for C&W."""
    rows, points = curves.rows(run), np.linspace(0, 1, 33)
    expected = [
        keys | {"n": 5, "eps": limit * point, "robust_accuracy": standing(frame, limit * point)}
        for keys, frame, limit in (
            ({"model": "ce-papernot", "attack": "pgd", "logits": "raw", "norm": "linf", "seed": 5}, PGD, 0.2),
            ({"model": "ta-T4-step1", "attack": "cw", "logits": "raw", "norm": "l2", "seed": 7}, CW, 1.6),
            ({"model": "ta-T4-step1", "attack": "cw", "logits": "rescaled", "norm": "l2", "seed": 7}, RESCALED, 1.6),
        )
        for point in points
    ]
    assert len(rows) == 3 * 33
    for row, wanted in zip(rows, expected, strict=True):
        assert_row(row, wanted)
    assert [rows[i]["robust_accuracy"] for i in (0, 32, 33, 65, 66, 98)] == [0.8, 0.2, 1.0, 0.6, 1.0, 0.0]


def standing(frame, eps):
    """Share of all images that are right and not found within eps; a float32's rounding beyond it still counts."""
    return float((frame["correct"] & (frame["distance"] > eps + 1e-9)).mean())


@pytest.mark.parametrize(("key", "distances", "limit"), [
    ("pgd", {1: 0.02, 2: inf}, 0.1), ("pgd", {1: inf, 2: None}, 0.1), ("cw", {1: inf, 2: None}, 0.0),
    ("cw", {1: 0.5, 2: 0.25}, 0.5),
])  # fmt: skip
def test_a_curve_ends_at_the_budget_or_the_largest_distance(key, distances, limit):
    run = AttackedRun(ATTACKS)
    run.attack(run.teacher("ce"), key, struck(distances))
    rows = curves.rows(run)
    assert (rows[0]["eps"], rows[-1]["eps"], len(rows)) == (0.0, limit, 33)
    assert rows[0]["robust_accuracy"] == sum(d is not None for d in distances.values()) / 2
