"""Networks with few unstable units."""

import pytest
import torch
from torch import nn

from distillab.plan.settled import ON, UNSTABLE, settle


def test_most_units_are_on_or_off_whatever_the_image_is():
    torch.manual_seed(0)
    network = settle(nn.Sequential(nn.Conv2d(1, 400, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400 * 36, 10)))
    with torch.no_grad():
        active = network[0](torch.rand(50, 1, 8, 8)).flatten(2).permute(0, 2, 1).reshape(-1, 400) > 0
    always, never = active.all(dim=0), (~active).all(dim=0)
    assert float((~always & ~never).float().mean()) <= UNSTABLE + 0.1
    assert float(always.float().mean()) == pytest.approx((1 - UNSTABLE) * ON, abs=0.15)


def test_the_last_layer_and_the_global_randomness_stay_as_they_are():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    last, before = network[2].bias.clone(), torch.get_rng_state()
    assert settle(network) is network
    assert torch.equal(network[2].bias, last)
    assert torch.equal(torch.get_rng_state(), before)
    assert settle(nn.Linear(2, 2, bias=False)) is not None
