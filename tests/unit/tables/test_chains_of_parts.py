"""Steps and claims of chains of which models or attacks are missing: no seed stands for another, no view for less."""

import numpy as np
import pytest
from attacked_run import AttackedRun, answers, method, struck

from distillab.tables import claims, steps
from distillab.tables.steps import EVERY

GAIN = {8: 1.0, 3: 2.0, 5: 4.0}
"""By seed, what every step adds to the distance of the image by DF; CW is nearer by half at T = 4."""


@pytest.fixture
def run():
    made = AttackedRun({"cw": method("l2"), "df": method("l2")})
    made.labels = {"test": np.arange(20) % 2}
    for temperature in (1.0, 4.0):
        for step in range(3):
            for seed, gain in GAIN.items():
                model = made.step(temperature, step, seed=seed)
                far = 10 + step * gain * temperature
                made.attack(model, "df", struck({1: far}))
                made.attack(model, "cw", struck({1: far - 1 + 0.5 * (temperature > 1)}))
                right = int(10 + step + gain * (temperature > 1))
                made.answers[model] = answers(right, 0.9 * right / 20, made.labels["test"])
    return made


def differences(run, *gone):
    run.missing = dict.fromkeys(gone, "killed")
    for cached in ("asked", "planned", "trained", "runs", "_by_id"):
        run.__dict__.pop(cached, None)
    rows = [row for row in steps.rows(run) if row["view"] == "raw"]
    return {(row["earlier"], row["later"], row["temperature"]): (row["difference"], row["seeds"]) for row in rows}


def said(run, *gone):
    differences(run, *gone)
    return {
        row["claim"]: (pytest.approx(row["value"]), row["seeds"]) for row in claims.rows(run) if row["view"] != "worst"
    }


def test_a_model_without_one_of_its_attacks_has_no_smallest_distance(run):
    """Of DF alone it would look more robust by one."""
    assert differences(run)[0, 1, 1.0] == (pytest.approx(7 / 3), 3)
    found = differences(run, "ta-T1-step1-s3-cw")
    assert found[0, 1, 1.0] == (pytest.approx(5 / 2), 2)
    assert found[0, 1, 4.0] == (pytest.approx(4 * 7 / 3), 3)
    assert found[0, 1, EVERY] == (pytest.approx((1 + 4) / 2 * 5 / 2), 2)
    assert found[0, 2, 1.0] == (pytest.approx(2 * 7 / 3), 3)


def test_a_model_is_no_less_attacked_without_its_weights(run):
    assert differences(run, "ta-T1-step1-s3") == differences(run)


def test_the_mean_over_all_temperatures_is_over_all_of_the_plan(run):
    gone = [f"ta-T4-step{step}-s{seed}-df" for step in range(3) for seed in GAIN]
    for step in range(3):
        for seed in GAIN:
            model = run.step(16.0, step, seed=seed)
            run.attack(model, "df", struck({1: 5.0 + step}))
    assert {temperature for _, _, temperature in differences(run)} == {1.0, 4.0, 16.0, EVERY}
    assert {temperature for _, _, temperature in differences(run, *gone)} == {1.0, 16.0}


def test_claims_leave_out_the_seeds_that_miss_a_number(run):
    """Accuracy grows by the seed's gain between T = 1 and T = 4, in two doublings, whatever the step."""
    assert said(run)["accuracy_temperature"] == (100 * 7 / 3 / 20 / 2, 3)
    assert said(run, "ta-T4-step2-s5-measure")["accuracy_temperature"] == (100 * 3 / 2 / 20 / 2, 2)
    assert said(run, "ta-T4-step2-s5")["confidence_temperature"][1] == 2
    assert said(run, *(f"ta-T4-step0-s{seed}" for seed in GAIN)).keys().isdisjoint({"accuracy_temperature"})


def test_a_claim_about_some_steps_needs_these_steps_alone(run):
    whole, first, second = said(run), said(run, "ta-T4-step0-s5-df"), said(run, "ta-T4-step2-s5-df")
    assert whole["student_assistant_l2"] == (2.5 * 7 / 3, 3)
    assert first["student_assistant_l2"] == whole["student_assistant_l2"]
    assert second["student_assistant_l2"] == (2.5 * 3 / 2, 2)
    assert [found["robustness_steps_l2"][1] for found in (whole, first, second)] == [3, 2, 2]
    assert [found["robustness_temperature_l2"][1] for found in (whole, first, second)] == [3, 2, 2]
    assert said(run, "ta-T4-step0-s5-df")["accuracy_steps"] == whole["accuracy_steps"]
