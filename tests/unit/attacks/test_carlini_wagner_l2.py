import pytest
import torch
from linear_networks import X, Y, hyperplanes, toy
from torch import nn

from distillab.attacks.carlini_wagner_l2 import CarliniWagnerL2
from distillab.evaluate.run_attack import run_attack
from distillab.losses.margins import difference_of_logits


@pytest.mark.parametrize("scale", [1.0, 40.0, 1 / 40])
def test_default_budget_finds_the_closest_point_whatever_the_scale(scale):
    record = run_attack(toy(scale), X, Y, [0], spec=CarliniWagnerL2(), seed=0)
    assert 0.2 - 1e-6 <= record.distance.item() <= 0.202
    assert (record.kept.flatten() - 0.5).tolist() == pytest.approx([-0.12, -0.16], abs=2e-3)


def test_scaling_logits_and_const_together_changes_nothing():
    """Powers of two keep every product exact but for Adam's epsilon."""
    spec = CarliniWagnerL2(steps=100, search_steps=4, initial_const=0.5)
    first = run_attack(toy(), X, Y, [0], spec=spec, seed=0)
    scaled = spec.model_copy(update={"initial_const": 0.5 / 16})
    second = run_attack(toy(16.0), X, Y, [0], spec=scaled, seed=0)
    assert torch.allclose(first.kept, second.kept, atol=1e-6)
    assert torch.equal(first.forwards, second.forwards)


@pytest.mark.parametrize("classes", [2, 6])
def test_random_hyperplanes_are_met_within_five_percent_and_never_undercut(classes):
    """With more than two classes the closest one is the target: untargeted, another one may attract."""
    net, x, y, exact, closest = hyperplanes("l2", classes)
    y_target = closest if classes > 2 else None
    record = run_attack(net, x, y, range(12), spec=CarliniWagnerL2(), seed=0, y_target=y_target)
    assert record.success.all()
    assert (record.distance >= exact * (1 - 1e-4)).all()
    assert (record.distance <= exact * 1.05).all()


def attack_one_literally(net, x, y, spec):
    """The attack on one image as its paper states it, with autograd and torch's Adam; distance and forward passes."""
    lower, upper, const, best, forwards = 0.0, 1e10, spec.initial_const, torch.inf, 0
    w_start = torch.atanh((2 * x - 1) * 0.999999)
    x_start = (1 + torch.tanh(w_start)) / 2
    for search_step in range(spec.search_steps):
        if spec.search_steps >= 10 and search_step == spec.search_steps - 1:
            const = upper
        w, hit, previous = torch.zeros_like(x, requires_grad=True), False, torch.inf
        optimizer = torch.optim.Adam([w], lr=spec.lr)
        for step in range(spec.steps):
            x_adv = (1 + torch.tanh(w_start + w)) / 2
            logits = net(x_adv)[0]
            margin = logits[y] - max(logits[i] for i in range(len(logits)) if i != y)
            squared = (x_adv - x_start).square().sum()
            loss = squared + const * torch.relu(margin + spec.kappa)
            forwards += 1
            if step % (spec.steps // 10) == 0:
                if loss > 0.9999 * previous:
                    break
                previous = loss.item()
            if margin < 0 and margin <= -spec.kappa:
                hit, best = True, min(best, squared.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if hit:
            upper = min(upper, const)
        else:
            lower = max(lower, const)
        const = (lower + upper) / 2 if upper < 1e9 else const * 10
    return best**0.5, forwards


@pytest.mark.parametrize(("kappa", "search_steps"), [(0.0, 5), (0.2, 5), (0.0, 10)])
def test_the_pool_does_what_the_attack_on_one_image_does(kappa, search_steps):
    torch.manual_seed(3)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 5)).requires_grad_(False)
    net[3].weight.mul_(4)
    x = (torch.rand(5, 1, 4, 4) * 1.6 - 0.3).clamp(0, 1)
    y = net(x).argmax(dim=1)
    spec = CarliniWagnerL2(steps=60, search_steps=search_steps, kappa=kappa, initial_const=0.03, lr=0.05)
    record = run_attack(net, x, y, range(5), spec=spec, seed=0)
    literal = [attack_one_literally(net, x[i : i + 1], int(y[i]), spec) for i in range(5)]
    assert record.success.sum() >= 3
    assert record.forwards.tolist() == [forwards for _, forwards in literal]
    assert record.distance.tolist() == pytest.approx([distance for distance, _ in literal], rel=1e-4)


def test_kappa_is_met_and_paid_for():
    record = run_attack(toy(), X, Y, [0], spec=CarliniWagnerL2(kappa=0.5), seed=0)
    assert difference_of_logits(toy()(record.kept), Y).item() <= -0.5
    assert 0.3 - 1e-6 <= record.distance.item() <= 0.303


def test_const_grows_tenfold_without_success_and_ends_at_the_upper_bound_from_ten_on():
    """Class 0 wins everywhere in the cube, so that every const fails; the penalty shows which were used."""

    def consts(search_steps):
        seen, slope = [], 1.0

        class Recorder(nn.Module):
            def forward(self, x):
                total = x.flatten(1).sum(dim=1)
                if total.requires_grad:
                    total.register_hook(lambda g: seen.append(g.abs().max().item() / slope))
                return torch.stack([total + 5, torch.zeros_like(total)], dim=1)

        spec = CarliniWagnerL2(steps=1, search_steps=search_steps)
        record = run_attack(Recorder(), X, Y, [0], spec=spec, seed=0)
        assert not record.success
        return seen[1:]

    assert consts(9) == pytest.approx([10.0**k for k in range(-3, 6)], rel=1e-5)
    assert consts(10)[-1] == pytest.approx(1e10)


def test_an_example_without_progress_stops_at_the_next_check():
    """A constant model gives a constant loss: the second check, after a tenth of the steps, stops each const."""

    class Constant(nn.Module):
        def forward(self, x):
            return x.flatten(1)[:, :2] * 0 + torch.tensor([3.0, 0.0])

    spent = {}
    for abort_early in (True, False):
        spec = CarliniWagnerL2(steps=50, search_steps=3, abort_early=abort_early)
        spent[abort_early] = run_attack(Constant(), X, Y, [0], spec=spec, seed=0).forwards.item()
    assert spent == {True: 3 * 6, False: 3 * 50}


def test_budgets_are_tiers_that_explicit_numbers_override():
    assert CarliniWagnerL2(budget="ci").spending == (200, 5)
    assert CarliniWagnerL2().spending == (1000, 9)
    assert CarliniWagnerL2(budget="paper", search_steps=4).spending == (10_000, 4)
