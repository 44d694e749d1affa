"""Whole trainings of defenses on the fixture ``images``, and what every one of them must keep."""

import hashlib

import pytest
import torch
from torch import nn

from distillab.core.generators import forked
from distillab.core.payloads import save_tensors
from distillab.defenses.ce import CrossEntropyDefense
from distillab.specs.augment import AugmentSpec
from distillab.specs.model import Domain
from distillab.specs.train import SGDSpec, TrainSpec
from distillab.training.fit import fit
from distillab.training.objective import Task

CLASSES, SEED = 4, 3


def network(seed=0):
    """Batch normalization and dropout: running statistics and randomness beside the weights."""
    with forked(seed, "init"):
        return nn.Sequential(
            nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(), nn.Linear(96, CLASSES)
        )


def objective_of(defense, images, epochs=4):
    needed = {"ce": network(9).eval().requires_grad_(False)}
    domain = Domain((1, 6, 6), CLASSES, (0.5,), (0.3,))
    return defense.objective(Task(images, torch.arange(len(images)), domain, epochs, SEED, network, needed))


def train(defense, images, *, epochs=4, **options):
    """The trained network and its history."""
    model, objective = network(), objective_of(defense, images, epochs)
    recipe = TrainSpec(epochs=epochs, batch_size=16, optimizer=SGDSpec(lr=0.05), checkpoint_every=1)
    index, augment = torch.arange(len(images)), AugmentSpec(crop_padding=1)
    return model, fit(model, images, index, objective, spec=recipe, augment=augment, seed=SEED, **options)


def digest(model, path):
    save_tensors(path, model.state_dict())
    return hashlib.sha256(path.read_bytes()).hexdigest()


class KilledError(Exception):
    """Stands for a signal between two epochs."""


def assert_plain_without_its_weight(powerless, defense, images, folder):
    """Bit for bit the training by cross-entropy; with the weight it is another one."""
    plain, history = train(CrossEntropyDefense(), images)
    same, watched = train(powerless, images)
    assert digest(same, folder / "a") == digest(plain, folder / "b")
    assert [record["cross_entropy"] for record in watched] == [record["cross_entropy"] for record in history]
    assert digest(train(defense, images)[0], folder / "c") != digest(plain, folder / "b")


def assert_resumed_to_the_bit(defense, images, folder):
    """A training that was killed after its second epoch ends with the bytes of an uninterrupted one."""

    def kill(epoch, _record):
        if epoch == 1:
            raise KilledError

    whole, history = train(defense, images)
    with pytest.raises(KilledError):
        train(defense, images, checkpoint=folder / "c", progress=kill)
    resumed, again = train(defense, images, checkpoint=folder / "c")
    assert again == history
    assert digest(resumed, folder / "a") == digest(whole, folder / "b")
