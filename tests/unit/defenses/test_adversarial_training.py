"""The climb and the stillness that adversarial trainings share, and what holds for Madry's and TRADES alike."""

import pytest
import torch
from small_training import (
    CLASSES,
    KilledError,
    assert_plain_without_its_weight,
    assert_resumed_to_the_bit,
    network,
    objective_of,
    train,
)
from torch import nn

from distillab.attacks.ascent import steepest_ascent
from distillab.attacks.pgd import PGD
from distillab.attacks.projections import LinfBall, ball_around
from distillab.core.generators import ExampleNoise
from distillab.data.dataset import Batch
from distillab.defenses.ast import AdversarialSparseTeacher
from distillab.defenses.ce import CrossEntropyDefense
from distillab.defenses.madry import Madry
from distillab.defenses.trades import Trades
from distillab.losses.cross_entropy import cross_entropy
from distillab.models.modes import frozen

STRENGTH = {"eps": 0.2, "step_size": 0.1, "steps": 3}
TRAININGS = {
    "madry": Madry(**STRENGTH),
    "fast": Madry(mode="fast", eps=0.2),
    "margin": Madry(loss="margin", random_start=False, **STRENGTH),
    "warmed up": Madry(warmup_epochs=3, **STRENGTH),
    "trades": Trades(**STRENGTH),
    "trades, two passes": Trades(reference_forward=True, **STRENGTH),
    "ast": AdversarialSparseTeacher(weight=0.3, ratio=0.5, steps=4),
    "ast, unrelated": AdversarialSparseTeacher(weight=0.3, ratio=0.5, steps=4, pairing="unrelated"),
}
every = pytest.mark.parametrize("spec", TRAININGS.values(), ids=TRAININGS)
ADVERSARIES = {name: spec for name, spec in TRAININGS.items() if isinstance(spec, Madry | Trades)}
adversaries = pytest.mark.parametrize("spec", ADVERSARIES.values(), ids=ADVERSARIES)
PLAIN = {
    "madry": Madry(eps=0, steps=2),
    "fast": Madry(eps=0, mode="fast"),
    "trades": Trades(beta=0),
    "ast": AdversarialSparseTeacher(weight=0, steps=2),
}


def batch_of(images, n=24):
    index = torch.arange(n)
    return Batch(images.images(index), images.y[index], index)


@pytest.mark.parametrize("name", PLAIN)
def test_without_an_adversary_or_its_weight_it_is_the_plain_training_bit_for_bit(images, tmp_path, name):
    assert_plain_without_its_weight(PLAIN[name], TRAININGS[name], images, tmp_path)


@every
def test_a_resumed_training_ends_with_the_bytes_of_an_uninterrupted_one(images, tmp_path, spec):
    assert_resumed_to_the_bit(spec, images, tmp_path)


@adversaries
def test_the_adversary_leaves_neither_the_ball_nor_the_range_of_pixels(images, spec):
    objective, model = objective_of(spec, images), network().train()
    batch = batch_of(images)
    batch.x[0], batch.x[1] = 0, 1
    for epoch in range(4):
        objective.begin_epoch(epoch, model)
        x_adv = objective.adversarial(model, batch)
        assert not x_adv.requires_grad
        assert x_adv.min() >= 0
        assert x_adv.max() <= 1
        farthest = (x_adv - batch.x).abs().max().item()
        assert 0.9 * spec.eps * spec.ramp(epoch) <= farthest <= spec.eps * spec.ramp(epoch) + 1e-6


@adversaries
def test_the_adversary_leaves_the_network_as_it_was(images, spec):
    objective, model = objective_of(spec, images), network().train()
    model[1].eval()
    model[0].weight.requires_grad_(False)
    objective.begin_epoch(0, model)
    objective.terms(model, batch_of(images))["cross_entropy"].sum().backward()
    kept = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    batch = batch_of(images)
    objective.adversarial(model, batch)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is g or torch.equal(p.grad, g) for p, g in zip(model.parameters(), kept, strict=True))
    assert [module.training for module in model] == [True, False, True, True, True, True]
    assert [p.requires_grad for p in model.parameters()] == [False, True, True, True, True, True]


@adversaries
def test_starts_are_drawn_from_the_seed_and_the_epoch(images, spec):
    model, batch = network(), batch_of(images)

    def first(epoch):
        objective = objective_of(spec, images)
        objective.begin_epoch(epoch, model)
        return objective.adversarial(model, batch)

    assert torch.equal(first(3), first(3))
    drawn = getattr(spec, "random_start", True)
    assert torch.equal(first(3), first(4)) != drawn


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_climb_is_that_of_the_attack(images, norm):
    """With a loss that no step can bring to a success, PGD's last point is the climb's."""
    model = network().eval().requires_grad_(False)
    batch = batch_of(images, 16)
    seen = []

    def watched(x):
        seen.append(x.detach().clone())
        return model(x) + 100 * nn.functional.one_hot(batch.y, CLASSES)

    spec = PGD(norm=norm, eps=0.2, step_size=0.05, steps=5, random_start=False)
    spec.run(watched, batch.x.clone(), batch.y, noise=ExampleNoise(0, tuple(range(16))))
    ball = ball_around(batch.x, 0.2, norm)
    x_adv = steepest_ascent(lambda x: cross_entropy(watched(x), batch.y), batch.x, ball, step_size=0.05, steps=5)
    assert torch.equal(x_adv, seen[5])


def test_a_climb_of_one_step_by_hand():
    """The loss is 2 x1 - x2: one step of 0.3 up its signs, cut at the ball of 0.25 and at 0."""
    x = torch.tensor([[[[0.5, 0.1]]]])
    weight = torch.tensor([2.0, -1.0])
    x_adv = steepest_ascent(
        lambda z: (z.flatten(1) * weight).sum(1), x, LinfBall.around(x, 0.25), step_size=0.3, steps=1
    )
    torch.testing.assert_close(x_adv, torch.tensor([[[[0.75, 0.0]]]]))


def test_frozen_restores_after_an_error():
    model = network().train()
    states = []

    def fail():
        with frozen(model):
            states.extend([model.training, *(p.requires_grad for p in model.parameters())])
            raise KilledError

    with pytest.raises(KilledError):
        fail()
    assert not any(states)
    assert all(module.training for module in model.modules())
    assert all(p.requires_grad for p in model.parameters())


def test_the_warm_up_is_linear_and_never_zero():
    spec = Madry(warmup_epochs=3)
    assert [spec.ramp(epoch) for epoch in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert Madry().ramp(0) == 1


@adversaries
def test_training_against_an_adversary_helps_against_it(images, spec):
    """On the images learned from, at half of the radius trained for."""

    def robust(defense):
        model, _ = train(defense, images, epochs=30)
        batch = batch_of(images, 60)
        ball = LinfBall.around(batch.x, 0.1)
        with frozen(model):
            x_adv = steepest_ascent(lambda x: cross_entropy(model(x), batch.y), batch.x, ball, step_size=0.03, steps=10)
            return (model(x_adv).argmax(1) == batch.y).float().mean().item()

    assert robust(spec) > robust(CrossEntropyDefense()) + 0.1


def test_fractions_are_exact_and_impossible_settings_refused():
    assert Madry(eps="8/255").eps == 8 / 255
    for wrong in ({"eps": -1}, {"step_size": 0}, {"steps": 0}, {"warmup_epochs": -1}, {"epsilon": 0.1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Madry(**wrong)
