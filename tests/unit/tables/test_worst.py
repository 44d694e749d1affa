"""The worst case over attacks is taken image by image, and says when direct attacks cannot be trusted."""

from math import inf, nan

import pytest
from attacked_run import AttackedRun, assert_row, method, struck, wilson_bounds

from distillab.tables import worst

ATTACKS = {
    "far": method("linf", eps=0.3),
    "near": method("linf", eps=0.1),
    "free": method("linf"),
    "aimed": method("linf", eps=0.2, targeted=True),
    "ball": method("l2", eps=0.5),
    "cw": method("l0"),
}
LINF = {
    "far": {27: 0.1, 4: 0.25, 19: inf, 8: inf, 31: 0.02, 16: None, 60: 0.28, 5: 0.29},
    "near": {31: 0.05, 8: inf, 19: inf, 4: 0.09, 27: inf, 55: 0.01, 60: inf, 5: inf, 16: None},
    "free": {8: 0.08, 31: 0.04, 60: 0.35, 19: 0.31, 4: 0.07, 5: 0.6, 27: 0.2, 16: None},
    "aimed": dict.fromkeys((31, 8, 19, 4, 27, 60, 5, 16), 0.001),
}
"""Within 0.1, far strikes 27 and 31, near 31 and 4, free 8, 31 and 4: any of them four images, two of them 31 and 4,
all of them 31. Image 55 was shown to near alone; 16 is misclassified."""


def attacked(model_of, distances=LINF, **given):
    run = AttackedRun(ATTACKS)
    model = model_of(run)
    for key, found in distances.items():
        run.attack(model, key, struck(found), **given)
    return run, model


def test_an_image_falls_to_any_attack_within_the_budget():
    run, _ = attacked(lambda run: run.step(4.0, 2, seed=7, arch="small"))
    near, far = worst.rows(run)
    names = {"model": "ta-T4-step2", "role": "chain", "defense": "", "arch": "small", "chain": "ta"}
    shared = names | {"temperature": 4.0, "step": 2, "seed": 7, "norm": "linf", "attacks": 3, "n": 8}
    shared |= {"clean_accuracy": 7 / 8, "transfer_wins": False, "missing": 0}
    low, high = wilson_bounds(3, 8)
    assert_row(
        near,
        shared
        | {"eps": 0.1, "robust_accuracy": 3 / 8, "robust_low": low, "robust_high": high}
        | {"best_single": 4 / 8, "boundary": 4 / 8},
    )
    low, high = wilson_bounds(1, 8)
    assert_row(
        far,
        shared
        | {"eps": 0.3, "robust_accuracy": 1 / 8, "robust_low": low, "robust_high": high}
        | {"best_single": 2 / 8, "boundary": 6 / 8},
    )


def test_one_row_for_each_model_norm_and_budget():
    run, first = attacked(lambda run: run.teacher("ce", seed=5))
    second = run.teacher("nt", seed=6)
    run.attack(first, "ball", struck({3: 0.4, 1: 0.6}))
    run.attack(first, "cw", struck({3: 1.0, 1: 1.0}))
    run.attack(second, "near", struck({3: 0.05, 1: inf, 2: inf, 9: None}))
    rows = worst.rows(run)
    keys = ("model", "defense", "seed", "norm", "eps", "attacks", "n", "robust_accuracy")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("ce-net", "ce", 5, "linf", 0.1, 3, 8, 3 / 8),
        ("ce-net", "ce", 5, "linf", 0.3, 3, 8, 1 / 8),
        ("ce-net", "ce", 5, "l2", 0.5, 1, 2, 1 / 2),
        ("nt-net", "nt", 6, "linf", 0.1, 1, 4, 2 / 4),
    ]
    assert_row(rows[0], rows[0] | {"temperature": nan, "step": -1, "role": "teacher"})


def test_one_misclassified_image_is_an_error_that_no_attack_made():
    """Robust accuracy is over all images, and natural error and boundary add up to what is missing to it."""
    run, _ = attacked(lambda run: run.teacher("ce"), {"near": {2: None, 7: None, 9: 0.1, 4: inf, 5: inf}})
    (row,) = worst.rows(run)
    assert (row["clean_accuracy"], row["robust_accuracy"], row["boundary"]) == (3 / 5, 2 / 5, 1 / 5)


@pytest.mark.parametrize(("distance", "robust"), [(0.10000105, 0.0), (0.1000013, 1.0)])
def test_a_perturbation_on_the_surface_carries_rounding(distance, robust):
    """Up to a millionth of the budget and a millionth of the pixel range beside it."""
    run, _ = attacked(lambda run: run.teacher("ce"), {"near": {3: distance}})
    assert worst.rows(run)[0]["robust_accuracy"] == robust


@pytest.mark.parametrize(
    ("direct", "carried", "wins"),
    [
        ({1: 0.05, 2: inf, 3: inf, 4: None}, {1: 0.05, 2: 0.09, 3: inf, 4: None}, True),
        ({1: 0.05, 2: inf, 3: inf, 4: None}, {1: inf, 2: 0.09, 3: inf, 4: None}, False),
        ({1: 0.05, 2: 0.09, 3: inf, 4: None}, {1: inf, 2: inf, 3: 0.01, 4: None}, False),
        (None, {1: inf, 2: 0.05}, True),
        (None, {1: inf, 2: inf}, False),
        ({1: inf, 2: inf}, None, False),
    ],
    ids=["more", "as many", "fewer, and others", "no direct attack", "nobody is struck", "nothing carried over"],
)
def test_a_carried_over_attack_that_strikes_more_than_every_direct_one_is_a_warning(direct, carried, wins):
    run = AttackedRun(ATTACKS)
    model, other = run.teacher("ce"), run.teacher("ls")
    if direct:
        run.attack(model, "near", struck(direct))
    if carried:
        run.attack(model, "near", struck(carried), logits="from_other", source=other)
    (row,) = worst.rows(run)
    assert row["transfer_wins"] is wins
    assert row["attacks"] == (direct is not None) + (carried is not None)


def test_the_strongest_of_several_direct_and_carried_attacks_are_compared():
    """Direct attacks strike one and three images, carried ones none and two: together, all four."""
    run = AttackedRun(ATTACKS)
    model, other = run.teacher("ce"), run.teacher("ls")
    for key, source, found in (
        ("near", "", {1: 0.1, 2: inf, 3: inf, 4: inf}),
        ("far", "", {1: inf, 2: 0.1, 3: 0.1, 4: 0.1}),
        ("near", other, {1: inf, 2: inf, 3: inf, 4: inf}),
        ("far", other, {1: 0.1, 2: 0.1, 3: inf, 4: inf}),
    ):
        run.attack(model, key, struck(found), logits="from_other" if source else "raw", source=source)
    row = worst.rows(run)[0]
    assert (row["best_single"], row["robust_accuracy"], row["transfer_wins"]) == (1 / 4, 0.0, False)
