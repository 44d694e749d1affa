"""The search over lengths: exact on linear networks, indifferent to the scale of the logits."""

import pytest
import torch
from linear_networks import X, Y, hyperplanes, toy
from torch import nn

from distillab.attacks.carlini_wagner_l2 import CarliniWagnerL2
from distillab.attacks.carlini_wagner_linf import CarliniWagnerLinf
from distillab.attacks.goal import Goal
from distillab.evaluate.run_attack import run_attack

SPECS = {"l2": CarliniWagnerL2(mode="fast"), "linf": CarliniWagnerLinf(mode="fast")}


@pytest.mark.parametrize(("norm", "exact"), [("l2", 0.2), ("linf", 1 / 7)])
@pytest.mark.parametrize("scale", [1.0, 40.0, 1 / 40, 4000.0])
def test_the_toy_is_met_at_every_scale(norm, exact, scale):
    record = run_attack(toy(scale), X, Y, [0], spec=SPECS[norm], seed=0)
    assert exact <= record.distance.item() <= 1.01 * exact


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_hyperplanes_are_met_within_five_percent_and_never_undercut(norm, seed):
    net, x, y, nearest, _ = hyperplanes(norm, 6, n=20, shape=(1, 1, 12), seed=seed)
    record = run_attack(net, x, y, range(20), spec=SPECS[norm], seed=0)
    assert (record.distance >= nearest * (1 - 1e-4)).all()
    assert (record.distance <= 1.05 * nearest).all()


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_more_steps_find_closer_points_on_average(norm):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 40), nn.ReLU(), nn.Linear(40, 8))
    x = torch.rand(40, 1, 6, 6)
    with torch.no_grad():
        y = net(x).argmax(1)
    means = [
        run_attack(net, x, y, range(40), spec=SPECS[norm].model_copy(update={"steps": n}), seed=0).distance.mean()
        for n in (10, 30, 100)
    ]
    assert means[0] > means[1] >= 0.99 * means[2]


def test_kappa_is_met_by_the_fast_mode():
    spec = CarliniWagnerL2(mode="fast", kappa=0.5)
    record = run_attack(toy(), X, Y, [0], spec=spec, seed=0)
    assert record.distance.item() == pytest.approx(0.3, rel=0.01)  # (1 + 0.5) / 5


def test_the_soft_margin_is_below_the_margin_by_at_most_the_log_of_the_rivals():
    logits, labels = torch.randn(50, 7) * 4, torch.arange(50) % 7
    goal = Goal.of(labels, None)
    gap = goal.margin(logits) - goal.soft_margin(logits)
    assert (gap >= -1e-5).all()
    assert (gap <= torch.log(torch.tensor(6.0)) + 1e-5).all()
    sharp = goal.soft_margin(logits * 1000) / 1000
    assert torch.allclose(sharp, goal.margin(logits), atol=1e-2)
