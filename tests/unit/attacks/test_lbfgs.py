"""L-BFGS: the oldest attack, exact where the problem is convex."""

import pytest
import torch
from torch import nn

from distillab.attacks.lbfgs import LBFGS
from distillab.evaluate.run_attack import run_attack


@pytest.mark.parametrize("target", [None, torch.tensor([1])], ids=["untargeted", "targeted"])
def test_the_toy_is_met_within_five_percent(target):
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        net[1].bias.copy_(torch.tensor([-2.5, 0.0]))
    x, y = torch.full((1, 1, 1, 2), 0.5), torch.tensor([0])
    record = run_attack(net, x, y, [0], spec=LBFGS(initial_const=10.0), seed=0, y_target=target)
    assert 0.2 <= record.distance.item() <= 0.21
