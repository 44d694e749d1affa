"""Attacks from tensors alone, against closed forms of a linear network."""

import numpy as np
import pytest
import torch
from torch import nn

from distillab import AttackedModel, ContractError, SpecError, attack_model
from distillab.api import attack
from distillab.attacks import ATTACKS
from distillab.metrics.intervals import wilson


def test_the_closest_point_of_a_linear_network_is_found(linear, inner):
    x, y, margin = inner
    found = attack_model(linear, x, y, "deepfool", norm="l2")
    assert found.success.all()
    torch.testing.assert_close(found.distance, margin / 5.5**0.5, rtol=1e-2, atol=1e-4)
    torch.testing.assert_close((found.x_adv - x).flatten(1).norm(dim=1), found.distance, rtol=1e-5, atol=0)


def test_within_a_radius_exactly_those_are_turned_that_are_near_enough(linear, inner):
    x, y, margin = inner
    y = y.clone()
    y[0] = 1 - y[0]  # wrong from the start
    eps = 1.01 * float(margin.median()) / 4
    found = attack_model(linear, x, y, "pgd", eps=eps, step_size=eps / 4)
    near = (margin / 4 < eps) & found.correct
    assert near[1:].any()
    assert (found.success == near).all()
    assert found.correct.tolist() == [False] + [True] * 15
    assert found.clean_accuracy == wilson(15, 16)
    assert found.robust_accuracy == wilson(15 - int(near.sum()), 16)
    assert found.success_rate == wilson(int(near.sum()), 15)
    still = ~found.success
    assert torch.equal(found.x_adv[still], x[still])
    assert float((found.x_adv - x).abs().max()) <= eps + 1e-6
    with torch.no_grad():
        assert (linear(found.x_adv).argmax(dim=1) != y)[found.success].all()


def test_the_model_and_the_global_generators_stay_as_they_were(digits, victim):
    _, _, x, y = digits
    victim.train()
    torch.manual_seed(3)
    state, weights = torch.get_rng_state(), [parameter.clone() for parameter in victim.parameters()]
    first, again, other = (attack_model(victim, x[:40], y[:40], eps=0.1, step_size=0.05, seed=s) for s in (1, 1, 2))
    assert victim.training
    assert all(parameter.requires_grad for parameter in victim.parameters())
    assert all(map(torch.equal, weights, victim.parameters()))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first.x_adv, again.x_adv)
    assert not torch.equal(first.x_adv, other.x_adv)
    assert isinstance(first, AttackedModel)
    assert first.spec == ATTACKS.parse({"name": "pgd", "eps": 0.1, "step_size": 0.05})


def test_targets_are_reached_given_or_drawn(digits, victim):
    _, _, x, y = digits
    wanted = (y[:60] + 1) % 10
    found = attack_model(victim, x[:60], y[:60], "pgd", targets=wanted, eps=0.5, step_size=0.05)
    assert found.success.any()
    assert (found.label_adv == wanted)[found.success].all()
    drawn = attack_model(victim, x[:60], y[:60], "pgd", target="random", eps=0.5, step_size=0.05)
    assert len(drawn.label_adv[drawn.success].unique()) > 3


def test_drawn_targets_are_the_seeds(linear, inner, monkeypatch):
    drawn = []
    real = attack.random_targets
    monkeypatch.setattr(attack, "random_targets", lambda *given: drawn.append(given[-1]) or real(*given))
    for seed in (1, 1, 2):
        attack_model(linear, *inner[:2], "pgd", target="random", eps=0.1, step_size=0.05, seed=seed)
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_source_is_attacked_in_the_models_stead(linear, inner):
    x, y, _ = inner
    blind = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    nn.init.zeros_(blind[1].weight)
    found = attack_model(linear, x, y, "fgsm", source=blind, eps=0.3)
    assert not found.success.any()
    assert attack_model(linear, x, y, "fgsm", eps=0.3).success.any()


class Subtracting(nn.Module):
    """A linear network that subtracts in place."""

    def __init__(self, linear):
        super().__init__()
        self.linear = linear

    def forward(self, x):
        with torch.no_grad():
            x -= 0.5
        return self.linear(x)


@pytest.mark.parametrize("target", ["untargeted", "random"])
def test_a_model_that_writes_into_its_images_is_refused_and_changes_none(linear, inner, target):
    x, y, _ = inner
    before = x.clone()
    with pytest.raises(ContractError, match=r"the model writes into its images; .*x = x - mean"):
        attack_model(Subtracting(linear), x, y, "pgd", eps=0.1, step_size=0.02, target=target)
    assert torch.equal(x, before)


@pytest.mark.parametrize("block", [torch.no_grad, torch.inference_mode])
def test_gradients_are_had_where_the_caller_has_none(linear, inner, block):
    x, y, _ = inner
    plain = attack_model(linear, x, y, "fgsm", eps=0.3)
    with block():
        assert torch.equal(attack_model(linear, x, y, "fgsm", eps=0.3).x_adv, plain.x_adv)
        assert not torch.is_grad_enabled()


def test_only_so_many_images_as_the_spec_says(linear, inner):
    found = attack_model(linear, *inner[:2], ATTACKS.parse({"name": "fgsm", "eps": 0.3, "images": 5}))
    assert (len(found.x_adv), len(found.success), found.clean_accuracy.n) == (5, 5, 5)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"method": "pdg"}, SpecError, "unknown attack; expected one of fgsm, .*; got 'pdg'; did you mean pgd"),
        ({"method": "fgsm", "esp": 1}, SpecError, "attack_model: esp: unknown key; .*did you mean eps"),
        ({"method": "fgsm", "eps": -1}, SpecError, "attack_model: eps: expected a number greater than or equal to 0"),
        ({"labels": torch.zeros(3, dtype=torch.int64)}, ContractError, "images: images and labels do not match; .*3"),
        ({"labels": -torch.ones(16, dtype=torch.int64)}, ContractError, "images: labels out of range; expected 0"),
        ({"images": torch.full((16, 1, 2, 2), 2.0)}, ContractError, "images: pixels out of range"),
        ({"images": np.zeros((16, 1, 2, 2))}, ContractError, "images: no tensor; .*got numpy.ndarray; torch.as_tensor"),
        (
            {"eps": 0.1, "targets": torch.zeros(15, dtype=torch.int64)},
            ContractError,
            "targets and images do not match; expected 16",
        ),
        ({"eps": 0.1, "targets": torch.zeros(16)}, ContractError, "not one class for each image in the targets"),
        (
            {"eps": 0.1, "targets": torch.zeros(16, dtype=torch.int64, device="meta")},
            ContractError,
            "targets: on another device than the images; expected cpu; got meta",
        ),
        ({"model": nn.Sequential(nn.Flatten(), nn.Softmax(1))}, ContractError, "outputs are probabilities"),
    ],
)
def test_what_cannot_be_attacked_is_told_in_a_line(linear, inner, arguments, error, says):
    x, y, _ = inner
    given = {"model": linear, "images": x, "labels": y, "method": "fgsm"} | arguments
    given |= {"eps": 0.1} if given.keys() <= {"model", "images", "labels", "method"} else {}
    with pytest.raises(error, match=says) as told:
        attack_model(**given)
    assert all(len(line) < 400 for line in str(told.value).splitlines())


def test_a_spec_has_its_parameters_already(linear, inner):
    with pytest.raises(SpecError, match="attack_model: a method has its parameters already; got eps"):
        attack_model(linear, *inner[:2], ATTACKS.parse({"name": "fgsm", "eps": 0.3}), eps=0.1)
