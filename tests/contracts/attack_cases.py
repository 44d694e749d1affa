"""Every registered attack with a tiny spec in each of its norms and modes, and networks to try it on."""

from typing import Literal, get_args

import pytest
import torch
from pydantic import create_model
from torch import nn

from distillab.attacks import ATTACKS
from distillab.core.registry import name_of
from distillab.evaluate.run_attack import run_attack

TINY = {"eps": 0.08, "step_size": 0.02, "steps": 6, "restarts": 2, "search_steps": 3, "initial_const": 0.1, "lr": 0.05,
        "gamma": 0.5, "queries": 40}  # fmt: skip
L2_FACTOR = {"linf": 1.0, "l2": 5.0, "l0": 1.0}
"""Budgets in L2 are larger numbers than in Linf."""


def modes_of(attack):
    """The attack, and its fast mode as an attack of its own."""
    if "mode" not in attack.model_fields:
        return [attack]
    fast = create_model(f"Fast{attack.__name__}", __base__=attack, mode=(Literal["fast"], "fast"))
    return [attack, fast]


CASES = [
    (mode, norm)
    for attack in ATTACKS
    for mode in modes_of(attack)
    for norm in get_args(attack.model_fields["norm"].annotation)
]
IDS = [f"{name_of(a)}-{n}{'-fast' * a.__name__.startswith('Fast')}" for a, n in CASES]
every = pytest.mark.parametrize(("attack", "norm"), CASES, ids=IDS)


def spec_of(attack, norm, **changes):
    wanted = {**TINY, "norm": norm, **changes}
    for name in ("eps", "step_size"):
        wanted[name] *= L2_FACTOR[norm]
    return attack(**{name: value for name, value in wanted.items() if name in attack.model_fields})


def count(attack, n):
    """How many images: one at a time is slow."""
    return max(4, n // 30) if name_of(attack) == "lbfgs" else n


def conv_net(seed=0):
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(256, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10),
    )  # fmt: skip
    with torch.no_grad():
        net[-1].weight.mul_(200)
    return net.eval()


def dense_net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(75, 33), nn.ReLU(), nn.Linear(33, 10)).eval()


def images(n, net, shape=(1, 8, 8)):
    """Saturated images, labeled as the network sees them; every seventh label is wrong."""
    x = (torch.rand(n, *shape, generator=torch.Generator().manual_seed(2)) * 2 - 0.5).clamp(0, 1)
    with torch.no_grad():
        y = net(x).argmax(dim=1)
    y[::7] = (y[::7] + 1) % 10
    return x, y


def attack_it(net, x, y, spec, ids=None, **options):
    return run_attack(net, x, y, ids if ids is not None else range(len(x)), spec=spec, seed=3, **options)
