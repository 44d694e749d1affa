"""L-BFGS: the oldest attack, exact where the problem is convex."""

import pytest
import torch
from linear_networks import X, Y, toy

from distillab.attacks.lbfgs import LBFGS
from distillab.evaluate.run_attack import run_attack


@pytest.mark.parametrize("target", [None, torch.tensor([1])], ids=["untargeted", "targeted"])
def test_the_toy_is_met_within_five_percent(target):
    record = run_attack(toy(), X, Y, [0], spec=LBFGS(initial_const=10.0), seed=0, y_target=target)
    assert 0.2 <= record.distance.item() <= 0.21
