"""The paper's claims where models, temperatures, steps or seeds are missing: what pairs up, and what has no row."""

import numpy as np
import pytest
from attacked_run import AttackedRun, answers, method, struck

from distillab.tables import claims


def small_run(models, *, attack="", n=20):
    """Models by temperature, step and seed, each with what is known: images of ``n`` that are right, or a distance."""
    run = AttackedRun({"cw": method("l2"), "cwi": method("linf")})
    run.labels = {"test": np.arange(n) % 2}
    for (temperature, step, seed), number in models.items():
        model = run.step(temperature, step, seed=seed)
        right = n if attack else number
        run.answers[model] = answers(right, 0.9 * right / n, run.labels["test"])
        if attack:
            run.attack(model, attack, struck({5: number, 3: None}))
    return run


def said(run):
    return [(row["claim"], row["view"], row["value"], row["seeds"]) for row in claims.rows(run)]


def test_a_claim_without_numbers_has_no_row():
    """One network has no trend; a second step has one in steps alone, a second temperature one in T alone."""
    assert said(small_run({(1.0, 0, 0): 18})) == []
    assert said(small_run({(1.0, 0, 0): 18, (1.0, 1, 0): 19})) == [("accuracy_steps", "", pytest.approx(5.0), 1)]
    rows = small_run({(1.0, 0, 0): 16, (4.0, 0, 0): 18})
    assert said(rows) == [
        ("accuracy_temperature", "", pytest.approx(5.0), 1),
        ("confidence_temperature", "", pytest.approx(4.5), 1),
    ]
    assert {(row["low"], row["high"], row["p"], row["decision"]) for row in claims.rows(rows)} == {
        (None, None, None, "undecided")
    }


def test_attacks_in_linf_speak_of_linf():
    run = small_run({(1.0, 0, 0): 0.25, (4.0, 0, 0): 0.75}, attack="cwi")
    assert [row for row in said(run) if row[1]] == [
        ("robustness_temperature_linf", "both", pytest.approx(0.25), 1),
    ]
    assert {row["unit"] for row in claims.rows(run) if row["view"]} == {"linf / doubling"}


def test_a_model_that_is_never_right_is_no_distance_of_zero():
    models = {(1.0, 0, 0): None, (1.0, 1, 0): 0.5, (1.0, 2, 0): 0.75}
    assert [row[:3] for row in said(small_run(models, attack="cw")) if row[1]] == [
        ("student_assistant_l2", "both", 0.25),
        ("robustness_steps_l2", "both", pytest.approx(0.25)),
    ]


def test_a_slope_in_steps_is_over_the_steps_of_all_seeds_and_one_in_t_over_those_of_its_own():
    """Seed 1 alone goes on to step 2, which loses 8 images at T = 1 and none at T = 4."""
    right = {(t, step, seed): 10 + 2 * step + 2 * seed for t in (1.0, 4.0) for step in (0, 1) for seed in (1, 2)}
    right |= {(1.0, 2, 1): 6, (4.0, 2, 1): 18, (1.0, 3, 1): 1}
    found = {row[0]: row[2:] for row in said(small_run(right))}
    assert found["accuracy_steps"] == (pytest.approx(100 * 2 / 20), 2)
    # Seed 1 gains 12 images of 20 at one step of three in two doublings, seed 2 nothing.
    assert found["accuracy_temperature"] == (pytest.approx(100 * (12 / 20 / 3 / 2) / 2), 2)


def test_a_seed_without_a_temperature_has_no_slope_in_t():
    right = {(1.0, 0, 1): 10, (4.0, 0, 1): 14, (1.0, 0, 2): 2}
    assert said(small_run(right))[0] == ("accuracy_temperature", "", pytest.approx(100 * 4 / 20 / 2), 1)


def test_student_and_assistant_are_those_of_one_temperature_and_seed():
    """Seed 4 has both at T = 1 and T = 4, seed 6 at T = 4; what is alone counts for nothing."""
    found = {(1.0, 1, 4): 0.5, (1.0, 2, 4): 1.0, (4.0, 1, 4): 1.0, (4.0, 2, 4): 3.5, (1.0, 1, 6): 9.0}
    found |= {(4.0, 1, 6): 2.0, (4.0, 2, 6): 1.0, (1.0, 2, 7): 8.0, (1.0, 0, 4): 7.0, (1.0, 3, 4): 7.0}
    rows = [row for row in said(small_run(found, attack="cw")) if row[0] == "student_assistant_l2"]
    assert rows == [("student_assistant_l2", "both", (1.5 - 1.0) / 2, 2)]


def test_distances_are_compared_on_the_images_that_all_compared_networks_are_right_about():
    """The student is right about one image that is far away, the assistant about one that is near."""
    run = AttackedRun({"cw": method("l2")})
    run.labels = {"test": np.arange(4) % 2}
    for step, found in ((1, {0: 1.0, 1: 3.0, 2: 0.5, 3: None}), (2, {0: 2.0, 1: 4.0, 2: None, 3: 90.0})):
        model = run.step(1.0, step, seed=0)
        run.answers[model] = answers(3, 0.6, run.labels["test"])
        run.attack(model, "cw", struck(found))
    rows = [row for row in said(run) if row[1]]
    assert [(row[0], row[2]) for row in rows] == [
        ("student_assistant_l2", pytest.approx(1.0)),
        ("robustness_steps_l2", pytest.approx(1.0)),
    ]


def test_networks_without_a_common_image_are_not_compared():
    run = AttackedRun({"cw": method("l2")})
    run.labels = {"test": np.arange(4) % 2}
    for temperature, found in ((1.0, {0: 1.0, 1: None}), (4.0, {0: None, 1: 2.0})):
        model = run.step(temperature, 0, seed=0)
        run.answers[model] = answers(1, 0.2, run.labels["test"])
        run.attack(model, "cw", struck(found))
    assert not [row for row in said(run) if row[1]]
