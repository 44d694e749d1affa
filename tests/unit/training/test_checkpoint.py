"""A checkpoint restores everything, and a foreign one nothing."""

import pytest
import torch
from torch import nn

from distillab.core.errors import ArtifactError
from distillab.core.payloads import load_tensors, save_tensors
from distillab.specs.train import AdamSpec, SGDSpec, TrainSpec
from distillab.training.checkpoint import load_checkpoint, save_checkpoint
from distillab.training.objective import Objective
from distillab.training.optimizers import optimizer_for

HISTORY = [{"cross_entropy": 0.1 + 0.2, "total": 1 / 3, "lr": 1e-300}, {"cross_entropy": 2.5, "total": 0.0, "lr": 0.1}]


class Counting(Objective):
    """An objective with state."""

    def __init__(self, count=0):
        self.count = torch.tensor(count)

    def terms(self, model, batch):
        raise NotImplementedError

    def state(self):
        return {"count.of.things": self.count}

    def load_state(self, state):
        self.count = state["count.of.things"]


def trained(spec, *, width=3, steps=2):
    model = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width))
    optimizer = optimizer_for(model, TrainSpec(epochs=1, optimizer=spec))
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(4, 3)).square().sum().backward()
        optimizer.step(0.1)
    return model, optimizer


@pytest.mark.parametrize("spec", [SGDSpec(), SGDSpec(momentum=0), AdamSpec()], ids=["sgd", "plain", "adam"])
def test_everything_is_restored_to_the_bit(tmp_path, spec):
    model, optimizer = trained(spec)
    save_checkpoint(tmp_path / "c", model, optimizer, Counting(7), HISTORY)
    other, other_optimizer = trained(spec, steps=1)
    objective = Counting()
    assert load_checkpoint(tmp_path / "c", other, other_optimizer, objective) == HISTORY
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in model.state_dict().items())
    ours, theirs = optimizer.state(), other_optimizer.state()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert objective.count == 7


def test_without_a_file_training_starts_at_the_beginning(tmp_path):
    model, optimizer = trained(SGDSpec())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert load_checkpoint(tmp_path / "c", model, optimizer, Counting()) == []
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in before.items())


def refused(path, model, optimizer):
    with pytest.raises(ArtifactError) as error:
        load_checkpoint(path, model, optimizer, Counting())
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("saved", "loaded"),
    [((SGDSpec(), 3), (SGDSpec(), 4)), ((SGDSpec(), 3), (AdamSpec(), 3)), ((AdamSpec(), 3), (SGDSpec(), 3))],
    ids=["another network", "sgd for adam", "adam for sgd"],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, saved, loaded):
    save_checkpoint(tmp_path / "c", *trained(saved[0], width=saved[1]), Counting(), HISTORY)
    assert "not a checkpoint of this training" in refused(tmp_path / "c", *trained(loaded[0], width=loaded[1]))


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "c").write_bytes(b"half a checkpoint")
    assert "not a safetensors file" in refused(tmp_path / "c", *trained(SGDSpec()))


def test_a_file_without_history_is_refused(tmp_path):
    model, optimizer = trained(SGDSpec())
    save_checkpoint(tmp_path / "c", model, optimizer, Counting(), HISTORY)
    tensors = load_tensors(tmp_path / "c")
    del tensors["history"]
    save_tensors(tmp_path / "c", tensors)
    assert "not a checkpoint" in refused(tmp_path / "c", model, optimizer)
