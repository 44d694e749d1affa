"""Every registered certifier in each of its norms, and a residual network with a max pool that all can solve."""

import pytest
import torch
from torch import nn

from distillab.certify import CERTIFIERS
from distillab.certify.trace import trace
from distillab.core.registry import name_of
from distillab.models.blocks import Residual
from distillab.models.normalize import Normalize

SHAPE = (1, 4, 4)
EPS = {"linf": 0.06, "l2": 0.2, "l1": 0.5}
CASES = [(spec, norm) for spec in CERTIFIERS for norm in spec.norms]
every = pytest.mark.parametrize(("certifier", "norm"), CASES, ids=[f"{name_of(c)}-{n}" for c, n in CASES])


def network(seed=0):
    torch.manual_seed(seed)
    block = Residual(nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 2, 1)))
    net = nn.Sequential(
        Normalize((0.4,), (0.5,)), nn.Conv2d(1, 2, 2, stride=2), nn.BatchNorm2d(2), nn.ReLU(), block, nn.ReLU(),
        nn.MaxPool2d((1, 2)), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip
    return net.double().eval()


def subject(n=3):
    net = network()
    x = (torch.rand(n, *SHAPE, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 1.4 - 0.2).clamp(0, 1)
    with torch.no_grad():
        y = net(x).argmax(1)
    y[::3] = (y[::3] + 1) % 3
    return trace(net, SHAPE), x, y
