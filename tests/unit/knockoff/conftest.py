"""A student whose images are its logits, and a task around it."""

import pytest
import torch
from torch import nn

from distillab.data.dataset import Batch, ResidentImages
from distillab.knockoff.teacher import CachedAnswers
from distillab.specs.model import Domain
from distillab.training.objective import Task


@pytest.fixture
def task_of():
    """A task whose images are blank but for their labels, all of them training images."""

    def build(y, classes, *, epochs=10, seed=0, network=None):
        images = ResidentImages(torch.zeros(len(y), 1, 2, 2, dtype=torch.uint8), y, levels=1)
        domain = Domain((1, 2, 2), classes, (0.5,), (0.5,))
        return Task(images, torch.arange(len(y)), domain, epochs=epochs, seed=seed, network=network)

    return build


@pytest.fixture
def terms_of(task_of):
    """The terms of a student with logits ``z_s`` in the first epoch that is fully ramped up."""

    def terms(spec, z_s, probs, y, *, seed=0):
        objective = spec.objective(task_of(y, probs.shape[1], seed=seed), CachedAnswers(probs))
        objective.begin_epoch(8, nn.Identity())
        return objective.terms(nn.Identity(), Batch(z_s, y, torch.arange(len(y))))

    return terms


@pytest.fixture
def toy():
    """Logits of a student and answers of a teacher, drawn; labels in turn."""

    def draw(n=12, classes=5, scale=2.0):
        stream = torch.Generator().manual_seed(0)
        z_s, z_t = (torch.randn(n, classes, generator=stream) * scale for _ in range(2))
        return z_s, z_t.softmax(1), torch.arange(n) % classes

    return draw
