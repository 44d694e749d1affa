"""An attack waits for its device once in ten iterations at most, and finds there what it finds on a CPU."""

import pytest
import torch
from pretended import OUTSIDE, pretended_gpu
from torch import nn

from distillab.attacks import ATTACKS
from distillab.attacks.looks import any_of, crowded, parted
from distillab.core.generators import ExampleNoise, forked
from distillab.models.modes import frozen

N = 6
IDS = tuple(range(N))
SPECS = {
    "bim": {"eps": 0.06, "step_size": 0.004},
    "pgd": {"eps": 0.06, "step_size": 0.004},
    "pgd l2": {"eps": 0.3, "step_size": 0.02, "norm": "l2"},
    "carlini_wagner_l2": {"search_steps": 3, "initial_const": 0.1, "lr": 0.05},
    "carlini_wagner_l2 fast": {"mode": "fast"},
    "carlini_wagner_l0": {"initial_const": 0.1, "largest_const": 10.0, "lr": 0.05},
    "carlini_wagner_l0 fast": {"mode": "fast"},
    "carlini_wagner_linf": {"initial_const": 0.01, "lr": 0.05},
    "carlini_wagner_linf fast": {"mode": "fast"},
    "deepfool": {},
    "deepfool linf": {"norm": "linf"},
}
every = pytest.mark.parametrize("name", SPECS)


def network():
    with forked(0, "init"):
        layers = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(64, 5),
        )  # fmt: skip
    with torch.no_grad():
        layers[-1].weight.mul_(8)
    return layers.double().eval()


def attacked(spec, device):
    """The result on a device, the passes made, and the syncs of a pretended one."""
    model = network().to(device)
    x = torch.rand(N, 1, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(device)
    with torch.no_grad():
        y = model(x).argmax(dim=1)
    passes = []

    def logits_fn(images):
        passes.append(len(images))
        return model(images)

    with frozen(model):
        return spec.run(logits_fn, x, y, noise=ExampleNoise(3, IDS)), len(passes)


def spec_of(name, steps):
    return ATTACKS[name.split()[0]](**SPECS[name], steps=steps)


@every
def test_a_gpu_finds_what_a_cpu_finds(name):
    spec = spec_of(name, 15)
    expected, _ = attacked(spec, "cpu")
    with pretended_gpu():
        found, _ = attacked(spec, "cuda")
        found = {field: values.cpu() for field, values in vars(found).items()}
    assert expected.success.any()
    for field, values in vars(expected).items():
        assert torch.allclose(found[field].double(), values.double(), rtol=0, atol=1e-9), field


def waits(syncs):
    """Those of the package, without what the test itself moves."""
    return sum(number for (_, place), number in syncs.items() if place != OUTSIDE)


STARTS = 2
"""Noise is drawn for those that are left, and the last of them are told apart."""


@every
def test_it_waits_once_in_ten_iterations_at_most(name):
    with pretended_gpu() as syncs:
        _, passes = attacked(spec_of(name, 25), "cuda")
    assert passes >= 20
    assert waits(syncs) <= passes / 10 + STARTS


def test_jsma_waits_once_in_ten_pairs_at_most():
    spec = ATTACKS["jsma"](theta=0.05, gamma=0.9)
    expected, _ = attacked(spec, "cpu")
    with pretended_gpu() as syncs:
        found, passes = attacked(spec, "cuda")
        assert waits(syncs) <= passes / 10 + STARTS
        assert torch.equal(expected.success, found.success.cpu())
        assert torch.equal(expected.distance, found.distance.cpu())
    assert expected.success.any()
    assert passes >= 20


def test_on_a_cpu_every_look_is_taken():
    none, some = torch.zeros(3, dtype=torch.bool), torch.tensor([True, False, True])
    assert not any_of(none)
    assert any_of(some)
    assert crowded(some, 1)
    assert not crowded(~none, 10)


def test_on_a_gpu_each_tenth():
    with pretended_gpu() as syncs:
        some = torch.tensor([True, False]).to("cuda")
        before = syncs.total()
        assert any_of(some)
        assert [step for step in range(1, 31) if crowded(some, step)] == [10, 20, 30]
        assert syncs.total() == before


def test_finished_and_going_keep_their_order():
    finished, going = parted(torch.tensor([True, False, True, False, True]))
    assert finished.tolist() == [1, 3]
    assert going.tolist() == [0, 2, 4]
