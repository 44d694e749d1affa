"""Small networks of every shape that certifiers know, in float64, and points of their balls."""

import pytest
import torch
from torch import nn

from distillab.models.blocks import Residual
from distillab.models.normalize import Normalize

SHAPE = (2, 6, 5)


def dense(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(60, 9), nn.ReLU(), nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 4))


def conv(seed=0):
    """Strides, dilation, groups, a pool with gaps, and a kernel that its stride does not divide."""
    torch.manual_seed(seed)
    return nn.Sequential(
        Normalize((0.4, 0.6), (0.5, 0.2)),
        nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(4, 6, (2, 3), padding=1, groups=2), nn.ReLU(),
        nn.AvgPool2d(2, stride=1), nn.Conv2d(6, 3, 2, padding=1, dilation=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(3 * 3 * 2, 4),
    )  # fmt: skip


def residual(seed=0):
    """Identity and learned shortcuts, batch normalization before and after convolutions, a global pool."""
    torch.manual_seed(seed)
    first = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))
    halving = nn.Sequential(nn.Conv2d(4, 5, 4, stride=2, padding=1), nn.ReLU(), nn.Conv2d(5, 5, 3, padding=1))
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, bias=False), Residual(first), nn.ReLU(),
        Residual(halving, nn.Conv2d(4, 5, 2, stride=2)), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 4),
    )  # fmt: skip
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
    return network


def pooled(seed=0):
    """Max pools whose windows overlap, leave a column out, or reach over one axis only, before and after a ReLU."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d((3, 2), stride=(1, 2)),
        nn.Conv2d(3, 4, 2, padding=1), nn.MaxPool2d((2, 1)), nn.ReLU(),
        nn.Flatten(), nn.Linear(4 * 2 * 3, 4),
    )  # fmt: skip


NETWORKS = {"dense": dense, "conv": conv, "residual": residual, "pooled": pooled}


@pytest.fixture
def shape():
    return SHAPE


@pytest.fixture
def network():
    """A factory: the named network in evaluation mode, with larger weights than at initialization."""

    def make(name, seed=0, dtype=torch.float64):
        made = NETWORKS[name](seed).to(dtype).eval()
        with torch.no_grad():
            for layer in made.modules():
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    layer.weight.mul_(2)
        return made

    return make


@pytest.fixture
def images():
    """A factory of images, some of whose pixels are saturated."""

    def make(n=3, shape=SHAPE, seed=1, dtype=torch.float64):
        x = torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        return (1.4 * x - 0.2).clamp(0, 1).to(dtype)

    return make


@pytest.fixture
def points():
    """A factory of points of a ball: its corners and points between, all in [0, 1]."""

    def make(x, eps, norm, n):
        random = torch.Generator().manual_seed(2)
        noise = torch.randn(n, *x.shape, generator=random, dtype=x.dtype)
        flat = noise.flatten(2)
        if norm == "linf":
            flat = flat.sign() * torch.rand(n, 1, 1, generator=random, dtype=x.dtype).clamp(min=0.5).mul(2).clamp(max=1)
        elif norm == "l2":
            flat = flat / flat.norm(dim=2, keepdim=True)
        else:
            sparse = flat * (flat.abs() >= flat.abs().topk(3, dim=2).values[..., -1:])
            flat = sparse / sparse.abs().sum(dim=2, keepdim=True)
        moved = x + eps * flat.view_as(noise)
        return moved.clamp(0, 1)

    return make
