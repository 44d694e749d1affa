"""Certificates from tensors alone, against closed forms of a linear network."""

import pytest
import torch
from torch import nn

from distillab import ContractError, SpecError, attack_model, certify_model
from distillab.certify import CERTIFIERS
from distillab.metrics.intervals import wilson


@pytest.mark.parametrize(("norm", "dual"), [("linf", 4.0), ("l2", 5.5**0.5), ("l1", 2.0)])
def test_a_linear_network_is_certified_exactly_up_to_its_distance(linear, inner, norm, dual):
    x, y, margin = (each.double() if each.is_floating_point() else each for each in inner)
    eps = 1.01 * float(margin.median()) / dual
    found = certify_model(linear.double(), x, y, eps, "crown", norm=norm, input_box=False, radius_steps=6)
    assert (found.certified == (margin / dual > eps)).all()
    assert found.certified_accuracy == wilson(int(found.certified.sum()), 16)
    assert found.clean_accuracy == wilson(16, 16)
    exact = (margin / dual).clamp(max=eps)
    assert (found.radius <= exact + 1e-9).all()
    assert (found.radius >= exact - eps / 64 - 1e-9).all()
    assert (found.eps, found.spec.norm) == (eps, norm)


def test_no_radius_is_searched_unless_asked_for(linear, inner):
    assert certify_model(linear, *inner[:2], 0.01, "ibp").radius is None


def test_no_attack_beats_a_certificate_and_the_model_stays_as_it_was(digits, victim):
    _, _, x, y = digits
    victim.train()
    found = certify_model(victim, x[:60], y[:60], 0.02)
    attacked = attack_model(victim, x[:60], y[:60], "pgd", eps=0.02, step_size=0.005)
    assert found.certified.any()
    assert not (found.certified & attacked.success).any()
    assert victim.training
    assert all(parameter.requires_grad for parameter in victim.parameters())


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"method": "corwn"}, SpecError, "unknown certifier; .*did you mean crown"),
        ({"norm": "l3"}, SpecError, "certify_model: norm: expected one of linf, l2, l1; got 'l3'"),
        ({"eps": -0.1}, SpecError, "eps|radius"),
        ({"model": nn.Sequential(nn.Flatten(), nn.GELU(), nn.Linear(4, 2))}, SpecError, "GELU"),
        (
            {"model": nn.Sequential(nn.Flatten(), nn.Linear(4, 1)), "labels": torch.zeros(16, dtype=torch.int64)},
            ContractError,
            "model: too few classes; expected logits .*, k at least 2; got k = 1",
        ),
        ({"labels": [0] * 16}, ContractError, "labels of images: no tensor; expected a torch tensor; got list"),
        ({"labels": torch.full((16,), 7)}, ContractError, "labels out of range"),
    ],
)
def test_what_cannot_be_certified_is_told_in_a_line(linear, inner, arguments, error, says):
    x, y, _ = inner
    given = {"model": linear, "images": x, "labels": y, "eps": 0.1, "method": "crown"} | arguments
    with pytest.raises(error, match=says) as told:
        certify_model(**given)
    assert "\n" not in str(told.value)


def test_every_certifier_is_known_by_its_name(linear, inner):
    for name in CERTIFIERS.names:
        assert certify_model(linear.double(), inner[0][:2].double(), inner[1][:2], 0.01, name).certified.all(), name
