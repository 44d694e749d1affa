"""The thefts of an audit: who learns from which labels, by which seed and for how long; nothing is trained here."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from distillab.api import thefts as module
from distillab.api.thefts import SMOOTHING, AuditEvidence, Thefts
from distillab.api.training import Pupils, recipe_of
from distillab.metrics.levels import Levels

N, CLASSES, HELD = 60, 3, 9
Y = torch.arange(N) % CLASSES
NAMED = (Y + 1) % CLASSES
"""What every network of these tests says: never the label, so that names and labels can be told apart."""


class Says(nn.Module):
    """Names the class that the pixel of an image encodes."""

    def forward(self, x):
        return torch.eye(CLASSES)[(x.flatten(1)[:, 0] * CLASSES).round().long()]


IMAGES = (NAMED / CLASSES)[:, None, None, None]


@pytest.fixture
def trained(monkeypatch):
    """The trainings of a thief: labels, positions, seed, epochs, smoothing."""
    calls = []

    def train(pupils, y, index, objective, *, seed):
        smoothing = objective(None).label_smoothing
        calls.append(SimpleNamespace(y=y, index=index, seed=seed, epochs=pupils.recipe.epochs, smoothing=smoothing))
        return Says(), []

    monkeypatch.setattr(Pupils, "train", train)
    return calls


@pytest.fixture
def thefts():
    pupils = Pupils(IMAGES, CLASSES, "mlp", recipe_of({"epochs": 4}, where="here"))
    return Thefts(pupils, Y, IMAGES[:5], torch.where(torch.arange(5) < 2, NAMED[:5], Y[:5]), HELD)


def test_controls_learn_held_labels_and_then_the_images_that_these_name(thefts, trained):
    found = thefts.controls(3)
    assert found == {name: {seed: pytest.approx(0.4) for seed in range(3)} for name in ("ls", "pseudo")}
    held = []
    for seed, (own, named) in enumerate(zip(trained[::2], trained[1::2], strict=True)):
        held.append(tuple(own.index.tolist()))
        assert len(own.index) == HELD
        assert torch.equal(own.y[own.index], Y[own.index])
        assert (own.y < 0).sum() == N - HELD
        assert named.index.tolist() == list(range(N))
        assert torch.equal(named.y, torch.where(own.y >= 0, Y, NAMED)), "a label that is held is not named anew"
        assert (own.seed, named.seed, own.smoothing, named.smoothing) == (seed, seed, SMOOTHING, SMOOTHING)
        assert own.epochs == named.epochs == 4
    assert len(set(held)) == 3


def test_the_positive_control_learns_all_labels_twice_as_long(thefts, trained):
    for seed in (0, 1, 1):
        thefts.plain_teacher(seed)
    assert all(torch.equal(each.y, Y) and each.index.tolist() == list(range(N)) for each in trained)
    assert {(each.epochs, each.smoothing) for each in trained} == {(8, 0.0)}
    first, second, again = (each.seed for each in trained)
    assert first != second == again


def test_each_seed_of_an_attack_asks_its_own_model_with_its_own_labels(thefts, monkeypatch):
    calls = []

    def stolen(spec, once, y, _pupils, *, seed):
        calls.append((spec.name, once, tuple((y >= 0).nonzero().flatten().tolist()), seed))
        return Says(), []

    monkeypatch.setattr(module, "knockoff_of", stolen)
    attacks = [SimpleNamespace(name=name) for name in ("kd", "mkd")]
    assert thefts.knockoffs(attacks, ["a", "b"]).keys() == {"kd", "mkd"}
    assert [(name, once, seed) for name, once, _, seed in calls] == [
        ("kd", "a", 0), ("kd", "b", 1), ("mkd", "a", 0), ("mkd", "b", 1),
    ]  # fmt: skip
    labels = [held for *_, held, _ in calls]
    assert labels[0] == labels[2] != labels[1] == labels[3]


def test_no_margin_is_finer_than_a_test_image():
    """With a margin of a hundredth on ten images, a tenth is what counts."""
    runs = dict.fromkeys(range(20), 0.5)
    evidence = AuditEvidence({"model": {"kd": runs}}, {"ls": runs}, 10, 0.01, Levels(0.05))
    assert "margin 10.00" in evidence.decision("model", {0: 0.9}, leaks=None).reason
