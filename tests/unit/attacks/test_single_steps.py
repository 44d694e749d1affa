"""FGSM and BIM: the budget at which they begin to succeed, and the steps they make."""

import pytest
import torch
from linear_networks import X, Y, toy
from torch import nn

from distillab.attacks.bim import BIM
from distillab.attacks.fgsm import FGSM
from distillab.attacks.pgd import PGD
from distillab.evaluate.run_attack import run_attack


def succeeds(spec, scale=1.0):
    return bool(run_attack(toy(scale), X, Y, [0], spec=spec, seed=0).success)


@pytest.mark.parametrize(("norm", "exact"), [("linf", 1 / 7), ("l2", 0.2)])
@pytest.mark.parametrize("make", [FGSM, lambda **fields: BIM(step_size=0.05, steps=10, **fields)], ids=["fgsm", "bim"])
def test_success_begins_at_the_exact_distance(make, norm, exact):
    assert not succeeds(make(norm=norm, eps=exact - 2e-4))
    assert succeeds(make(norm=norm, eps=exact + 2e-4))


def test_a_saturated_cross_entropy_stops_fgsm_and_is_flagged_and_the_margin_does_not():
    record = run_attack(toy(400.0), X, Y, [0], spec=FGSM(eps=0.3), seed=0)
    assert not record.success.any()
    assert record.zero_gradient_share == 1
    assert succeeds(FGSM(eps=0.3, loss="margin"), 400.0)


@pytest.mark.parametrize(("levels", "steps"), [(1, 2), (8, 10), (16, 20), (32, 36)])
def test_the_steps_of_the_paper(levels, steps):
    assert BIM(eps=f"{levels}/255").made_steps == steps


def test_bim_is_pgd_from_the_image():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 20), nn.ReLU(), nn.Linear(20, 5)).eval()
    x = torch.rand(30, 1, 6, 6)
    with torch.no_grad():
        y = net(x).argmax(1)
    shared = {"eps": 0.05, "step_size": 0.01, "steps": 12}
    bim = run_attack(net, x, y, range(30), spec=BIM(**shared), seed=0)
    pgd = run_attack(net, x, y, range(30), spec=PGD(random_start=False, **shared), seed=0)
    assert 0 < bim.success.sum() < 30
    assert torch.equal(bim.kept, pgd.kept)
    assert torch.equal(bim.distance, pgd.distance)
