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


def random_net(k=5):
    """Four features per class more or less, so that classes differ in what it takes to reach them."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(27, 16), nn.ReLU(), nn.Linear(16, k)).eval()


def random_images(net, n=40):
    x = torch.rand(n, 3, 3, 3, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return x, net(x).argmax(dim=1)


def attack(net, x, **fields):
    return run_attack(
        net, x, torch.zeros(len(x), dtype=torch.int64), range(len(x)), spec=JSMA(gamma=1.0, **fields), seed=0
    )


@pytest.mark.parametrize("fields", [{}, {"variant": "logits"}, {"precision": "float32"}])
def test_the_two_most_useful_features_are_raised(fields):
    record = attack(two_classes(), torch.zeros(1, 1, 2, 2), **fields)
    assert record.distance.tolist() == [2.0]
    assert record.kept.flatten().tolist() == [0.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("fields", [{}, {"variant": "logits"}, {"precision": "float32"}, {"targets": "all"}])
def test_an_image_of_one_feature_has_no_pair_to_raise(fields):
    record = attack(linear([[-1.0], [1.0]], [1.5, 0.0]), torch.full((2, 1, 1, 1), 0.25), **fields)
    assert record.correct.tolist() == [True, True]
    assert record.distance.tolist() == [torch.inf, torch.inf]


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


def test_theta_below_one_uses_a_feature_until_it_is_full():
    """Class 1 wins once feature 1 is up by 0.6: three steps of 0.25, and feature 2 comes along."""
    net = linear([[0.0] * 8, [0.0, 1.0, 0.1] + [-1.0] * 5], [0.65, 0.0])
    record = attack(net, torch.zeros(1, 1, 2, 4), theta=0.25)
    assert record.kept.flatten().tolist() == [0.0, 0.75, 0.75] + [0.0] * 5
    assert record.distance.tolist() == [2.0]


def test_logits_choose_another_pair_than_the_target_alone():
    """Feature 0 raises the target most, but the other classes more; for logits it is no use."""
    net = linear([[3.0, -0.1, -0.1, 0.0], [2.0, 1.0, 0.9, 0.0], [0.0] * 4], [1.5, 0.0, 0.0])
    y, y_target = torch.tensor([0]), torch.tensor([1])
    spec = JSMA(variant="logits", gamma=1.0)
    record = run_attack(net, torch.zeros(1, 1, 2, 2), y, [0], spec=spec, seed=0, y_target=y_target)
    assert record.kept.flatten().tolist() == [0.0, 1.0, 1.0, 0.0]


def test_precision_changes_nothing_where_nothing_underflows():
    net = random_net()
    x, y = random_images(net)
    exact, single = (
        run_attack(net, x, y, range(40), spec=JSMA(precision=precision), seed=0, keep=40)
        for precision in ("float64", "float32")
    )
    assert exact.success.any()
    assert torch.equal(exact.kept, single.kept)


def test_all_targets_find_what_the_runner_up_hides():
    """Class 1 is the runner-up and needs four features; class 2 needs two."""
    net, x = linear([[0.0] * 4, [0.3] * 4, [1.0, 1.0, 0.0, 0.0]], [1.5, 0.5, 0.0]), torch.zeros(1, 1, 2, 2)
    assert attack(net, x).distance.tolist() == [4.0]
    record = attack(net, x, targets="all")
    assert record.kept.flatten().tolist() == [1.0, 1.0, 0.0, 0.0]
    assert record.distance.tolist() == [2.0]


@pytest.mark.parametrize("variant", ["probabilities", "logits"])
def test_all_targets_keep_the_closest_result_of_each(variant):
    net = random_net()
    x, y = random_images(net)
    runner_up, best = (
        run_attack(net, x, y, range(40), spec=JSMA(variant=variant, gamma=0.6, targets=targets), seed=0)
        for targets in ("runner_up", "all")
    )
    assert best.success.any()
    assert (best.distance <= runner_up.distance).all()
    targeted = [
        run_attack(net, x, y, range(40), spec=JSMA(variant=variant, gamma=0.6), seed=0, y_target=(y + shift) % 5)
        for shift in range(1, 5)
    ]
    assert (best.distance <= torch.stack([each.distance for each in targeted]).amin(dim=0)).all()


@pytest.mark.parametrize(
    ("fields", "gradients"), [({}, 1), ({"variant": "logits"}, 2), ({"targets": "all"}, 1)], ids=["F", "Z", "all"]
)
def test_one_gradient_per_pass_decides_for_probabilities_and_two_for_logits(fields, gradients):
    net = random_net()
    x, y = random_images(net)
    record = run_attack(net, x, y, range(40), spec=JSMA(**fields), seed=0)
    tries = 4 if "targets" in fields else 1
    assert torch.equal(record.backwards, gradients * (record.forwards - 1))
    assert record.forwards.max() <= 1 + tries * (int(0.1429 * 27) // 2 + 1)


@pytest.mark.parametrize(
    "fields", [{"variant": "logits"}, {"targets": "all"}, {"theta": 0.3}, {"precision": "float32"}]
)
def test_batch_mates_change_no_bit(fields):
    net = random_net()
    x, y = random_images(net)
    whole, parts = (
        run_attack(net, x, y, range(40), spec=JSMA(gamma=0.5, batch_size=size, **fields), seed=0, keep=40)
        for size in (40, 7)
    )
    assert whole.success.any()
    for name, values in whole.columns().items():
        assert (values == parts.columns()[name]).all() or name in ("l0", "l1", "l2", "linf"), name
    assert torch.equal(whole.kept, parts.kept)


def test_a_share_of_features_is_not_rounded_down():
    """0.58 of 100 is 57.99... in floating point: 29 pairs, not 28."""
    assert JSMA(gamma=0.58)._most_pairs(100) == 29
    assert JSMA()._most_pairs(784) == 56
