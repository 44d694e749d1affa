"""Seconds of work by hand: units, times what one takes."""

import pytest

from distillab.plan.costs import cost_of
from distillab.plan.priorities import UNKNOWN
from distillab.plan.reckoning import (
    ATTACK_PASS,
    BOUND,
    CERTIFIED_STEP,
    CHECKS,
    EACH,
    FORWARD,
    MADE,
    STATED,
    TIMED,
    Reckoning,
)

STEP = 0.01


@pytest.fixture
def reckoned(rich):
    """Seconds of members where every network takes the same."""
    speeds = {cost.key: STEP for member in rich.members.values() if (cost := cost_of(rich, member))}
    return lambda name, **more: Reckoning(rich, speeds | more).work(rich.members[name])


def test_a_training_is_its_images_and_epochs_times_a_step(reckoned):
    assert reckoned("ta-T5-step1-s3") == (pytest.approx(400 * 6 * STEP), TIMED)
    assert reckoned("ls-cnn_digits-s3") == (pytest.approx(400 * 4 * STEP), STATED)


def test_a_control_that_is_refitted_is_trained_twice(plan_of):
    """By the images that it has: with its refit those of the choice are among them."""

    def seconds(*, refit):
        data = {"val": 60, "train_limit": None, "test_limit": None, "refit": refit}
        plan = plan_of({"data": data, "knockoff": {"label_smoothing": [0.1, 0.2]}, "studies": ["undistillable"]})
        member = plan.members["ls0.2-cnn_digits-s0"]
        assert bool(member.spec.get("refit")) == refit
        return Reckoning(plan, {}).work(member).seconds

    assert seconds(refit=True) / 1437 == pytest.approx(2 * seconds(refit=False) / (1437 - 60))


def test_a_method_takes_its_ratio_and_what_it_does_once(rich, reckoned):
    key = Reckoning(rich, {}).method_key(rich.members["ls-cnn_digits-s3"])
    found = reckoned("ls-cnn_digits-s3", **{key: 2.5, f"once {key}": 0.1})
    assert found == (pytest.approx(400 * (4 * 2.5 * STEP + 0.1)), TIMED)


def test_a_teacher_that_is_asked_for_views_answers_each_of_them(rich, reckoned):
    live, release = "st-cnn_digits--live-papernot_digits-s3", 0.002
    key = Reckoning(rich, {}).method_key(rich.members["st-cnn_digits-s3"])
    views = 400 * 2
    assert reckoned(live).seconds == pytest.approx(views * STEP * (1 + FORWARD))
    assert reckoned(live, **{f"release {key}": release}).seconds == pytest.approx(
        views * (STEP * (1 + FORWARD) + release)
    )


def test_attacks_stop_early_but_on_robust_networks(plan_of):
    rows = {"*": None, "ce": {}, "madry": {"name": "madry", "steps": 2}}
    plan = plan_of({"defenses": rows, "seeds": [0]})
    seconds = {name: Reckoning(plan, {}).work(member).seconds for name, member in plan.members.items()}
    images = ATTACK_PASS * 60 * UNKNOWN
    assert seconds["madry-cnn_digits-s0-pgd_linf"] == pytest.approx(images * (6 + CHECKS))
    assert seconds["ce-cnn_digits-s0-pgd_linf"] == pytest.approx(images * (MADE["pgd"] * 6 + CHECKS))
    assert seconds["madry-cnn_digits-s0"] == pytest.approx(3 * seconds["ce-cnn_digits-s0"])


def test_certified_training_and_certificates_cost_more_than_plain_ones(plan_of):
    rows = {"*": None, "ce": {}, "ibp": {"name": "ibp_training"}}
    asked = {"certifiers": {"*": None, "dual": {"name": "dual"}}, "eps": [0.1, 0.2], "defenses": []}
    plan = plan_of({"studies": ["certified"], "defenses": rows, "seeds": [0], "certification": asked})
    seconds = {name: Reckoning(plan, {}).work(member).seconds for name, member in plan.members.items()}
    assert seconds["ibp-cnn_digits-s0"] == pytest.approx(CERTIFIED_STEP * 400 * 6 * UNKNOWN)
    member = next(
        m for m in plan.members.values() if m.stage == "certify" and m.parents["model"] == "ibp-cnn_digits-s0"
    )
    images = min(member.spec["images"] or 60, 60)
    radii = 2 + member.spec["radius_steps"]
    assert seconds[member.id] == pytest.approx(images * radii * BOUND * UNKNOWN)


def test_every_member_takes_some_time(rich, robbed):
    for plan in (rich, robbed):
        assert all(Reckoning(plan, {}).of(member).seconds > EACH for member in plan.members.values())
