"""The optimizers step as torch's own do, and survive a checkpoint."""

import pytest
import torch
from torch import nn

from distillab.specs.train import AdamSpec, SGDSpec, TrainSpec
from distillab.training.optimizers import optimizer_for

SPECS = [
    (SGDSpec(lr=0.1, momentum=0.9, weight_decay=0.01), lambda p: torch.optim.SGD(p, 0.1, 0.9, weight_decay=0.01)),
    (
        SGDSpec(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0),
        lambda p: torch.optim.SGD(p, 0.1, 0.9, nesterov=True),
    ),
    (SGDSpec(lr=0.1, momentum=0, weight_decay=0), lambda p: torch.optim.SGD(p, 0.1)),
    (AdamSpec(lr=0.1, weight_decay=0.01), lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.01)),
    (AdamSpec(lr=0.1, betas=(0.5, 0.7)), lambda p: torch.optim.Adam(p, 0.1, (0.5, 0.7))),
]
specs = pytest.mark.parametrize(("spec", "theirs"), SPECS, ids=["sgd", "nesterov", "plain", "decayed adam", "adam"])


def network():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2), nn.Linear(2, 2))
    for number, parameter in enumerate(model.parameters()):
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    model[3].requires_grad_(False)
    return model


def loss(model, step):
    return model(torch.randn(5, 3, generator=torch.Generator().manual_seed(step))).square().sum()


@specs
def test_it_steps_as_torchs_own(spec, theirs):
    mine, reference = network(), network()
    optimizer, other = optimizer_for(mine, TrainSpec(epochs=1, optimizer=spec)), theirs(reference.parameters())
    for step in range(10):
        lr = 0.1 / (step + 1)
        other.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        other.zero_grad()
        loss(mine, step).backward()
        loss(reference, step).backward()
        optimizer.step(lr)
        other.step()
    for a, b in zip(mine.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(a, b)


@specs
def test_its_state_is_all_it_needs(spec, theirs):
    straight, resumed = network(), network()
    recipe = TrainSpec(epochs=1, optimizer=spec)
    first, second = optimizer_for(straight, recipe), optimizer_for(resumed, recipe)
    for step in range(6):
        if step == 3:
            state = {name: tensor.clone() for name, tensor in second.state().items()}
            second = optimizer_for(resumed, recipe)
            second.load_state(state)
        for model, optimizer in ((straight, first), (resumed, second)):
            optimizer.zero_grad()
            loss(model, step).backward()
            optimizer.step(0.1)
    assert all(torch.equal(a, b) for a, b in zip(straight.parameters(), resumed.parameters(), strict=True))


@specs
def test_a_parameter_without_a_gradient_stays(spec, theirs):
    model = network()
    optimizer = optimizer_for(model, TrainSpec(epochs=1, optimizer=spec))
    before = [parameter.clone() for parameter in model.parameters()]
    loss(model[:1], 0).backward()
    optimizer.step(0.1)
    moved = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert moved == [True, True, False, False, False, False]
