"""A checkpoint restores everything; a damaged or foreign one nothing, and training starts again."""

from types import ModuleType

import pytest
import torch
from torch import nn

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


def state(model, optimizer):
    return {**model.state_dict(), **{f"optimizer.{name}": tensor for name, tensor in optimizer.state().items()}}


def starts_again(path, model, optimizer, caplog, origin="this"):
    """Whether the checkpoint is passed over with a warning, and not a bit of it reaches the training."""
    objective, before = Counting(5), {name: tensor.clone() for name, tensor in state(model, optimizer).items()}
    history = load_checkpoint(path, model, optimizer, objective, origin=origin)
    untouched = objective.count == 5 and state(model, optimizer).keys() == before.keys()
    untouched &= all(torch.equal(tensor, before[name]) for name, tensor in state(model, optimizer).items())
    warned = f"{path}: damaged, or another training's: starting again at the first epoch" in caplog.text
    return history == [] and bool(untouched) and warned


def saved(path, spec=None, width=3, origin="this"):
    save_checkpoint(path, *trained(spec or SGDSpec(), width=width), Counting(7), HISTORY, origin=origin)
    return path


@pytest.mark.parametrize(
    ("written", "read"),
    [((SGDSpec(), 3), (SGDSpec(), 4)), ((SGDSpec(), 3), (AdamSpec(), 3)), ((AdamSpec(), 3), (SGDSpec(), 3))],
    ids=["another network", "sgd for adam", "adam for sgd"],
)
def test_a_checkpoint_of_another_training_is_passed_over(tmp_path, caplog, written, read):
    path = saved(tmp_path / "c", *written, origin="that")
    assert starts_again(path, *trained(read[0], width=read[1]), caplog)


def test_a_checkpoint_that_would_fit_is_passed_over_if_its_parents_were_others(tmp_path, caplog):
    path = saved(tmp_path / "c", origin="old answers")
    assert starts_again(path, *trained(SGDSpec()), caplog, origin="new answers")
    assert load_checkpoint(path, *trained(SGDSpec()), Counting(), origin="old answers") == HISTORY


def test_a_checkpoint_of_another_torch_is_passed_over(tmp_path, caplog, monkeypatch):
    path = saved(tmp_path / "c")
    other = ModuleType("torch")
    vars(other).update(vars(torch) | {"__version__": "1.0"})
    monkeypatch.setattr("distillab.training.checkpoint.torch", other)
    assert starts_again(path, *trained(SGDSpec()), caplog)


def test_every_flipped_bit_is_seen(tmp_path, caplog):
    content = saved(tmp_path / "c").read_bytes()
    length = 8 + int.from_bytes(content[:8], "little")
    for place in (*range(length, len(content), 37), len(content) - 1):
        (tmp_path / "c").write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        caplog.clear()
        assert starts_again(tmp_path / "c", *trained(SGDSpec()), caplog), place


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_truncated_file_is_passed_over(tmp_path, caplog, kept):
    path = saved(tmp_path / "c")
    path.write_bytes(path.read_bytes()[:kept])
    assert starts_again(path, *trained(SGDSpec()), caplog)


@pytest.mark.parametrize("name", ["history", "digest", "objective.count.of.things"])
def test_a_file_without_one_of_its_tensors_is_passed_over(tmp_path, caplog, name):
    path = saved(tmp_path / "c")
    tensors = load_tensors(path)
    del tensors[name]
    save_tensors(path, tensors)
    assert starts_again(path, *trained(SGDSpec()), caplog)
