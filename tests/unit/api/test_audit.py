"""Audits from a function alone: one model that leaks, one that has nothing to steal, and what a verdict rests on."""

import pytest
import torch
from torch import nn

from distillab import AuditedModel, ContractError, SpecError, audit_model

OPTIONS = {"seeds": 3, "attacks": ["kd"], "recipe": {"epochs": 5, "batch_size": 32}, "held": 20}


@pytest.fixture(scope="module")
def halved(digits):
    """250 images to ask about and 300 to judge with."""
    x, y, test_x, test_y = digits
    return x[:250], y[:250], test_x[:300], test_y[:300]


@pytest.fixture
def untrained(halved, monkeypatch):
    """The images, and nothing may be trained on them."""
    monkeypatch.setattr("distillab.api.training.fit", None)
    return halved


@pytest.fixture(scope="module")
def leaking(halved, victim):
    return audit_model(lambda images: victim(images).softmax(1), *halved, **OPTIONS)


def test_a_model_without_protection_is_distillable(leaking, halved, victim):
    assert isinstance(leaking, AuditedModel)
    assert (leaking.verdict, leaking.control.answer) == ("distillable", "distillable")
    assert leaking.reason.startswith("kd gains ")
    assert leaking.decision.lower > 0
    assert leaking.queries == 550
    assert leaking.labels == 20
    right = int((victim(halved[2]).argmax(1) == halved[3]).sum())
    assert (leaking.accuracy.value, leaking.accuracy.n) == (right / 300, 300)
    assert {name: len(runs) for name, runs in leaking.controls.items()} == {"ls": 6, "pseudo": 6}
    assert {name: len(runs) for name, runs in leaking.knockoffs.items()} == {"kd": 3}
    gain = sum(leaking.knockoffs["kd"].values()) / 3 - sum(leaking.controls["ls"].values()) / 6
    assert gain > leaking.decision.gain / 2


def test_a_model_that_knows_nothing_has_nothing_to_steal(halved):
    found = audit_model(lambda images: torch.full((len(images), 10), 3.0), *halved, answers="logits", **OPTIONS)
    assert found.verdict == "nothing to steal"
    assert found.control.answer == "distillable"
    assert found.accuracy.value < 0.2


def test_the_error_rate_is_shared_by_two_verdicts_and_all_attacks(untrained, victim, monkeypatch):
    monkeypatch.setattr("distillab.api.audit._audited", lambda *_, levels, **_named: levels)
    options = OPTIONS | {"attacks": ["kd", "mkd", "argmax"], "alpha": 0.06}
    levels = audit_model(lambda images: victim(images).softmax(1), *untrained, **options)
    assert levels.distillable == pytest.approx(0.06 / (2 * 3))
    assert levels.undistillable == pytest.approx(0.06 / 2)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"seeds": 2}, SpecError, "seeds: too few to decide anything; expected at least 3; got 2"),
        ({"held": 5}, SpecError, "held: labels do not fit the images; expected 10, one of each class, to 250; got 5"),
        ({"attacks": []}, SpecError, "attacks: attacks are told apart by name; expected one of a name; got none"),
        ({"attacks": ["kd", "kd"]}, SpecError, "attacks are told apart by name"),
        ({"alpha": 2}, SpecError, "no levels"),
        ({"margin": 0}, SpecError, "margin: no share of test images; expected a number between 0 and 1; got 0"),
        ({"margin": 1}, SpecError, "margin: no share of test images"),
        ({"classes": 1}, SpecError, "classes: too few classes; expected at least 2; got 1"),
        (
            {"images": torch.zeros(250, 1, 8, 8, dtype=torch.float64)},
            ContractError,
            "images: .*float32; got torch.float64",
        ),
        (
            {"images": torch.zeros(250, 1, 9, 8)},
            ContractError,
            r"test images: images of another shape; expected images of \(1, 9, 8\); got \(1, 8, 8\)",
        ),
        (
            {"student": lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 9))},
            SpecError,
            r"student: gives other outputs; expected logits \(n, 10\); got \(1, 9\)",
        ),
        ({"student": lambda: nn.Linear(3, 10)}, SpecError, "student: does not take these images"),
        ({"student": lambda: 3}, SpecError, "student: the function makes no network; expected a torch module; got int"),
        ({"test_labels": torch.zeros(3, dtype=torch.int64)}, ContractError, "test images: images and labels do not"),
        ({"labels": torch.full((250,), 11)}, ContractError, "labels out of range; expected classes 0 to 9"),
    ],
)
def test_what_cannot_be_audited_is_told_in_a_line_before_training(untrained, victim, arguments, error, says):
    given = dict(zip(("images", "labels", "test_images", "test_labels"), untrained, strict=True)) | OPTIONS | arguments
    with pytest.raises(error, match=says) as told:
        audit_model(lambda images: victim(images).softmax(1), **given)
    assert "\n" not in str(told.value)
