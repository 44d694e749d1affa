"""Digits, a network that has learned them a little, and a linear one whose distances are known in closed form."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn


@pytest.fixture(scope="session")
def digits():
    """1,200 images to ask about and 597 to judge with, (n, 1, 8, 8) in [0, 1], and their labels."""
    found = load_digits()
    x, y = torch.tensor(found.images[:, None] / 16, dtype=torch.float32), torch.tensor(found.target)
    return x[:1200], y[:1200], x[1200:], y[1200:]


@pytest.fixture(scope="session")
def victim(digits):
    """A network of two layers, from images to logits, some 93 % accurate."""
    x, y, *_ = digits
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        for _ in range(60):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    optimizer.zero_grad()
    return model


@pytest.fixture
def linear():
    """Logits ``(w x + b, 0)`` of images (n, 1, 2, 2), class 0 where the sum is positive."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with torch.no_grad():
        model[1].weight[:] = torch.tensor([[2.0, -1.0, 0.5, 0.5], [0.0] * 4])
        model[1].bias[:] = torch.tensor([-0.5, 0.0])
    return model


@pytest.fixture
def inner():
    """Sixteen images far enough from 0 and 1 for the box not to matter, and the class that `linear` gives each."""
    x = 0.4 + 0.2 * torch.rand(16, 1, 2, 2, generator=torch.Generator().manual_seed(1))
    margin = x.flatten(1) @ torch.tensor([2.0, -1.0, 0.5, 0.5]) - 0.5
    return x, (margin <= 0).long(), margin.abs()
