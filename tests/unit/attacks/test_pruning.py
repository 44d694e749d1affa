import torch
from torch import nn

from distillab.attacks.goal import Goal
from distillab.attacks.pruning import prune, snap
from distillab.attacks.result import AttackResult


def net(margin):
    """Logits (10 (x1 - 0.5) + (x2 - 0.5) + (x3 - 0.5) + margin, 0), over both channels."""
    linear = nn.Linear(6, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[10.0, 1.0, 1.0], [0.0, 0.0, 0.0]]).repeat(1, 2))
        linear.bias.copy_(torch.tensor([margin - 12.0, 0.0]))
    return nn.Sequential(nn.Flatten(), linear)


X = torch.full((2, 2, 1, 3), 0.5)
GOAL = Goal.of(torch.tensor([0, 0]), None)


def result_of(*changes):
    """Images changed in the first channel; the second one is a failure."""
    x_adv = X.clone()
    x_adv[0, 0, 0] += torch.tensor(changes)
    counted = torch.tensor([float(sum(abs(change) > 1e-4 for change in changes)), torch.inf])
    spent = torch.tensor([5, 5])
    return AttackResult(x_adv, torch.tensor([True, False]), counted, spent, spent, torch.tensor([True, False]))


def test_small_changes_are_undone_where_the_image_stays_adversarial():
    snapped = snap(net(1.0), X, GOAL, result_of(-0.2, 5e-5, 0.0))
    assert snapped.x_adv[0].ne(X[0]).sum() == 1
    assert snapped.distance.tolist() == [1.0, torch.inf]
    assert snapped.forwards.tolist() == [6, 5]
    assert snapped.backwards.tolist() == [5, 5]


def test_small_changes_that_decide_are_kept():
    before = result_of(-0.1, -9e-5, 0.0)
    assert torch.equal(snap(net(1.00005), X, GOAL, before).x_adv, before.x_adv)


def test_pixels_that_are_not_needed_are_put_back_from_the_least_changed_on():
    before = result_of(-0.2, 0.4, -0.3)
    after = prune(net(1.0), X, GOAL, before)
    assert after.x_adv[0].ne(X[0]).nonzero().tolist() == [[0, 0, 0]]
    assert after.distance.tolist() == [1.0, torch.inf]
    assert after.forwards.tolist() == [8, 5]
    assert torch.equal(before.x_adv, result_of(-0.2, 0.4, -0.3).x_adv)


def test_the_least_changed_pixel_goes_first_even_where_another_order_leaves_fewer():
    after = prune(net(0.8), X, GOAL, result_of(-0.2, -0.5, -0.45))
    assert after.x_adv[0].ne(X[0]).nonzero().tolist() == [[0, 0, 1], [0, 0, 2]]


def test_a_search_that_was_cut_short_stays_one():
    for clear in (prune, snap):
        assert clear(net(1.0), X, GOAL, result_of(-0.2, 5e-5, 0.0)).at_limit.tolist() == [True, False]


def test_needed_pixels_and_failures_stay():
    before = result_of(-0.08, -0.25, 0.0)
    after = prune(net(1.0), X, GOAL, before)
    assert torch.equal(after.x_adv, before.x_adv)
    assert after.distance.tolist() == [2.0, torch.inf]


def test_nothing_adversarial_costs_nothing():
    none = torch.tensor([False, False])
    failed = AttackResult(X, none, X.new_full((2,), torch.inf), *torch.ones(2, 2, dtype=int), none)
    assert prune(net(1.0), X, GOAL, failed) is failed
    assert snap(net(1.0), X, GOAL, failed) is failed


def test_what_counts_as_no_change_stays_whoever_is_in_the_batch():
    x, x_adv = X[:1].repeat(2, 1, 1, 1), X[:1].repeat(2, 1, 1, 1)
    x_adv[0, 0, 0] += torch.tensor([-0.2, 5e-5, 0.0])
    x_adv[1, 0, 0] -= torch.tensor([0.1, 0.02, 0.02])
    flags, spent = torch.tensor([True, True]), torch.tensor([5, 5])
    result = AttackResult(x_adv, flags, torch.tensor([1.0, 3.0]), spent, spent, ~flags)
    pruned = prune(net(1.0), x, GOAL, result)
    assert torch.equal(pruned.x_adv[0], x_adv[0])
    assert pruned.forwards.tolist() == [6, 8]
