"""JSMA: which features it changes, where it stops, and what float32 hides from it."""

import pytest
import torch
from torch import nn

from distillab.attacks.jsma import JSMA
from distillab.evaluate.run_attack import run_attack


def linear(weights, bias):
    net = nn.Sequential(nn.Flatten(), nn.Linear(len(weights[0]), len(weights)))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor(weights))
        net[1].bias.copy_(torch.tensor(bias))
    return net


def two_classes(scale=1.0):
    """Class 1 wins once features 1 and 2, its largest weights, are raised."""
    row = [0.1 * scale, 1.0 * scale, 0.8 * scale, -1.0 * scale]
    return linear([[-weight for weight in row], row], [3.0 * scale, 0.0])


def attack(net, x, **fields):
    return run_attack(
        net, x, torch.zeros(len(x), dtype=torch.int64), range(len(x)), spec=JSMA(gamma=1.0, **fields), seed=0
    )


@pytest.mark.parametrize("fields", [{}, {"variant": "logits"}, {"precision": "float32"}])
def test_the_two_most_useful_features_are_raised(fields):
    record = attack(two_classes(), torch.zeros(1, 1, 2, 2), **fields)
    assert record.distance.tolist() == [2.0]
    assert record.kept.flatten().tolist() == [0.0, 1.0, 1.0, 0.0]


def test_features_at_their_bound_are_left_alone():
    x = torch.tensor([0.0, 1.0, 0.0, 0.0]).view(1, 1, 2, 2)
    record = attack(linear([[0.0] * 4, [0.4, 1.0, 0.8, -1.0]], [2.0, 0.0]), x)
    assert record.kept.flatten().tolist() == [1.0, 1.0, 1.0, 0.0]


def test_without_an_admissible_pair_it_fails():
    record = attack(linear([[0.0] * 4, [-1.0] * 4], [1.3, 0.0]), torch.zeros(1, 1, 2, 2))
    assert record.distance.tolist() == [float("inf")]


def test_gamma_bounds_the_changed_features():
    net, x = linear([[0.0] * 8, [1.0] * 8], [5.5, 0.0]), torch.zeros(1, 1, 2, 4)
    y = torch.zeros(1, dtype=torch.int64)
    for gamma, changed in ((1.0, 6.0), (0.75, 6.0), (0.7, float("inf"))):
        assert run_attack(net, x, y, [0], spec=JSMA(gamma=gamma), seed=0).distance.tolist() == [changed]


def test_float32_gives_up_on_a_saturated_network_and_float64_does_not():
    net, x = two_classes(scale=200.0), torch.zeros(1, 1, 2, 2)
    assert not attack(net, x, precision="float32").success.any()
    assert attack(net, x).success.all()


def test_a_target_other_than_the_runner_up_is_reached():
    net = linear([[0.0] * 4, [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]], [1.5, 0.5, 0.0])
    y = torch.zeros(1, dtype=torch.int64)
    record = run_attack(net, torch.zeros(1, 1, 2, 2), y, [0], spec=JSMA(gamma=1.0), seed=0, y_target=torch.tensor([2]))
    assert record.label_adv.tolist() == [2]
    assert record.kept.flatten().tolist() == [0.0, 0.0, 1.0, 1.0]
