"""Which searches their step limit cut short: by hand, then on networks where the end is known."""

from math import inf
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from linear_networks import X, Y, toy
from torch import nn

from distillab.attacks.carlini_wagner_l0 import CarliniWagnerL0
from distillab.attacks.carlini_wagner_l2 import CarliniWagnerL2
from distillab.attacks.carlini_wagner_linf import CarliniWagnerLinf
from distillab.attacks.deepfool import DeepFool
from distillab.attacks.jsma import JSMA
from distillab.attacks.lbfgs import LBFGS
from distillab.attacks.rest import closing, has_moved, last_tenth
from distillab.evaluate.run_attack import run_attack


@pytest.mark.parametrize(("steps", "first"), [(100, 90), (300, 270), (19, 18), (10, 9), (9, 8), (1, 0)])
def test_the_last_tenth_has_one_step_at_least(steps, first):
    assert last_tenth(steps) == first


def test_a_search_closes_in_by_more_than_one_percent_or_has_moved_and_found_nothing():
    before = torch.tensor([1.0, 1.0, 1.0, inf, inf, inf])
    after = torch.tensor([1.0, 0.991, 0.989, 5.0, inf, inf])
    moved = torch.tensor([True, True, False, False, True, False])
    assert closing(before, after, moved).tolist() == [False, False, True, True, True, False]


def test_an_entry_that_differs_from_zero_is_a_move():
    change = torch.zeros(3, 1, 2, 2)
    change[1, 0, 1, 1] = -1e-30
    change[2] = 1
    assert has_moved(change).tolist() == [False, True, True]


SEARCHES = {
    "strict L2": (CarliniWagnerL2(steps=3, search_steps=3), CarliniWagnerL2()),
    "strict Linf": (CarliniWagnerLinf(steps=1, largest_const=2e-5), CarliniWagnerLinf()),
    "strict L0": (CarliniWagnerL0(steps=1, largest_const=2e-3), CarliniWagnerL0()),
    "fast L2": (CarliniWagnerL2(mode="fast", steps=2), CarliniWagnerL2(mode="fast")),
    "fast Linf": (CarliniWagnerLinf(mode="fast", steps=1), CarliniWagnerLinf(mode="fast")),
    "L-BFGS": (LBFGS(steps=1, search_steps=0), LBFGS()),
}
"""Each with too few steps for the toy, and as it is."""


@pytest.mark.parametrize("name", SEARCHES)
def test_too_few_steps_cut_short_what_the_default_brings_to_its_end(name):
    few, default = (run_attack(toy(), X, Y, [0], spec=spec, seed=0) for spec in SEARCHES[name])
    assert [few.at_limit.item(), default.at_limit.item()] == [True, False]
    assert default.success.item()


def curved(scale):
    """A ReLU network and images that it takes a few linearizations to lead across a boundary."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(30, 40), nn.ReLU(), nn.Linear(40, 6)).eval()
    x = torch.rand(25, 1, 5, 6)
    with torch.no_grad():
        net[1].weight.mul_(scale)
        return net, x, net(x).argmax(1)


def test_deepfool_is_cut_short_where_it_has_not_crossed():
    net, x, y = curved(1.0)
    records = [run_attack(net, x, y, range(25), spec=DeepFool(steps=steps), seed=0) for steps in (1, 2, 50)]
    assert all(torch.equal(record.at_limit, ~record.success) for record in records)
    assert [record.at_limit.any().item() for record in records] == [True, True, False]


def test_a_saliency_map_has_no_step_limit_but_a_share_of_features():
    record = run_attack(toy(), X, Y, [0], spec=JSMA(gamma=0.01), seed=0)
    assert [record.success.item(), record.at_limit.item()] == [False, False]


class Constant(nn.Module):
    """The first class wins, whatever the image; no gradient."""

    def forward(self, x):
        return x.flatten(1)[:, :2] * 0 + torch.tensor([3.0, 0.0])


@pytest.mark.parametrize("spec", [
    CarliniWagnerL2(steps=20, search_steps=3), CarliniWagnerL2(mode="fast"), CarliniWagnerLinf(mode="fast"),
    CarliniWagnerLinf(steps=5), DeepFool(), LBFGS(),
], ids=lambda spec: f"{spec.name} {getattr(spec, 'mode', '')}")  # fmt: skip
def test_where_there_is_no_gradient_no_step_is_missing(spec):
    record = run_attack(Constant(), X, Y, [0], spec=spec, seed=0)
    assert [record.success.item(), record.at_limit.item()] == [False, False]


@pytest.mark.parametrize(("value", "behind"), [(0.5, False), (1.0, True)], ids=["gray", "saturated"])
def test_a_hundred_steps_do_not_lead_pixels_out_of_the_flat_ends_of_tanh(value, behind):
    """Twelve pixels, each a quarter away from the boundary: strict C&W comes too late where they are saturated."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.stack([torch.ones(12), torch.zeros(12)]))
        net[1].bias.copy_(torch.tensor([3.0 - 12 * value, 0.0]))
    x, y = torch.full((1, 1, 3, 4), value), torch.tensor([0])
    specs = CarliniWagnerL2(steps=100, search_steps=5), CarliniWagnerL2(mode="fast")
    strict, fast = (run_attack(net, x, y, [0], spec=spec, seed=0) for spec in specs)
    assert fast.distance.item() == pytest.approx(0.25 * 12**0.5, rel=0.01)
    assert (strict.distance.item() > 1.1 * fast.distance.item()) is behind
    assert strict.at_limit.item() or not behind
    assert not fast.at_limit.item()


def test_without_early_abort_a_search_at_rest_is_not_cut_short():
    specs = (CarliniWagnerL2(steps=steps, search_steps=4, abort_early=False) for steps in (5, 1000))
    assert [run_attack(toy(), X, Y, [0], spec=spec, seed=0).at_limit.item() for spec in specs] == [True, False]


def test_a_success_is_no_rest_where_the_last_const_ran_out_of_steps():
    """The first const succeeds, and the last one, between it and one that fails, is stopped on its way."""
    for search_steps, cut in ((1, False), (3, True)):
        spec = CarliniWagnerL2(steps=40, search_steps=search_steps, initial_const=0.1)
        record = run_attack(toy(), X, Y, [0], spec=spec, seed=0)
        assert [record.success.item(), record.at_limit.item()] == [True, cut]


@pytest.mark.parametrize("statuses", [(1, 0), (0, 1)])
def test_of_l_bfgs_the_minimization_of_the_closest_point_counts(statuses, monkeypatch):
    """The first const reaches the target, the second one does too, farther away."""
    ends = iter([(0.2, statuses[0]), (0.0, statuses[1])])

    def minimize(*_arguments, **_options):
        value, status = next(ends)
        return SimpleNamespace(x=np.array([0.5, value]), status=status)

    monkeypatch.setattr("scipy.optimize.minimize", minimize)
    record = run_attack(toy(), X, Y, [0], spec=LBFGS(search_steps=1), seed=0)
    assert record.distance.item() == pytest.approx(0.3)
    assert record.at_limit.item() is bool(statuses[0])
