"""A network with every kind of state that training has, and images to train it on."""

import pytest
import torch
from torch import nn

from distillab.core.generators import forked
from distillab.data.dataset import ResidentImages


@pytest.fixture
def images():
    """Forty images of 4 classes that a small network can learn."""
    stream = torch.Generator().manual_seed(1)
    y = torch.arange(40) % 4
    x = torch.randint(0, 8, (40, 1, 6, 6), generator=stream)
    for label in range(4):
        x[y == label, :, label : label + 2, label : label + 2] += 8
    return ResidentImages(x.to(torch.uint8), y, levels=16)


@pytest.fixture
def network():
    """Batch normalization and dropout: running statistics and randomness beside the weights."""

    def build(seed=0):
        with forked(seed, "init"):
            return nn.Sequential(
                nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Flatten(), nn.Linear(64, 4)
            )

    return build
