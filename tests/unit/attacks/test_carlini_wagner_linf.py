import pytest
import torch
from linear_networks import X, Y, hyperplanes, toy
from torch import nn

from distillab.attacks.carlini_wagner_linf import CarliniWagnerLinf
from distillab.evaluate.run_attack import run_attack


def spec_of(mode):
    """Fast at its defaults; strict with small shrinks, and without the doublings of const before and after."""
    if mode == "fast":
        return CarliniWagnerLinf(mode="fast")
    return CarliniWagnerLinf(steps=100, initial_const=1e-3, largest_const=0.5, shrink=0.98)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "expected"), [(1.0, 0.144256), (40.0, 0.144321), (1 / 40, 0.143848)])
def test_strict_agrees_with_a_literal_implementation(scale, expected):
    """Distances measured once with one image, autograd and the published loop; the optimum is 0.142857.

    A larger bound of const only prolongs the last search, which fails.
    """
    spec = CarliniWagnerLinf(budget="paper", largest_const=0.05)
    record = run_attack(toy(scale), X, Y, [0], spec=spec, seed=0)
    assert record.distance.item() == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("scale", [1.0, 40.0, 1 / 40])
def test_fast_finds_the_closest_point_whatever_the_scale(scale):
    record = run_attack(toy(scale), X, Y, [0], spec=CarliniWagnerLinf(mode="fast"), seed=0)
    assert 1 / 7 < record.distance.item() <= 1.05 / 7


@pytest.mark.parametrize("mode", ["strict", "fast"])
@pytest.mark.parametrize("classes", [2, 6])
def test_random_hyperplanes_are_met_within_five_percent_and_never_undercut(mode, classes):
    """With more than two classes the closest one is the target: untargeted, another one may attract."""
    net, x, y, exact, closest = hyperplanes("linf", classes)
    y_target = closest if classes > 2 else None
    record = run_attack(net, x, y, range(len(x)), spec=spec_of(mode), seed=0, y_target=y_target)
    assert record.success.all()
    assert (record.distance >= exact * (1 - 1e-4)).all()
    assert (record.distance <= exact * 1.05).all()


def test_strict_ends_within_one_shrink_of_the_optimum():
    net, x, y, exact, _ = hyperplanes("linf", 2)
    spec = CarliniWagnerLinf(steps=100, initial_const=1e-3, largest_const=0.5, shrink=0.8)
    record = run_attack(net, x, y, range(len(x)), spec=spec, seed=0)
    assert (record.distance <= exact * 1.02 / 0.8).all()
    assert (record.distance > exact * 1.05).any()


def attack_one_literally(net, x, y, spec):
    """The attack on one image as it was published, with autograd and torch's Adam; distance and forward passes."""
    w_clean = torch.atanh((2 * x - 1) * 0.9999995)
    x_clean = 0.5 + 0.5 * torch.tanh(w_clean)
    tau, const, w_start, found, forwards = 1.0, spec.initial_const, w_clean, torch.inf, 0
    while tau > 1 / 256:
        w = torch.zeros_like(x, requires_grad=True)
        optimizer, solved = torch.optim.Adam([w], lr=spec.lr), None
        while const < spec.largest_const and solved is None:
            for _ in range(spec.made_steps):
                x_adv = 0.5 + 0.5 * torch.tanh(w_start + w)
                logits = net(x_adv)
                forwards += 1
                margin = (logits[:, y] - torch.cat([logits[:, :y], logits[:, y + 1 :]], dim=1).amax()).sum()
                loss = const * margin.clamp(min=0) + ((x_adv - x_clean).abs() - tau).clamp(min=0).sum()
                if loss < 1e-4 * const and margin < 0:
                    solved = x_adv.detach()
                    break
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            else:
                const *= 2
        if solved is None:
            break
        found = (solved - x).abs().max().item()
        tau = 0.9 * min(tau, found)
        w_start = torch.atanh((2 * solved - 1) * 0.9999995)
    return found, forwards


def test_a_pool_equals_a_literal_loop_over_images():
    torch.manual_seed(3)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 4)).eval()
    x = torch.rand(4, 1, 4, 4)
    y = net(x).argmax(dim=1)
    spec = CarliniWagnerLinf(steps=30, initial_const=0.05, largest_const=1.0, lr=0.02)
    record = run_attack(net, x, y, range(4), spec=spec, seed=0)
    expected = [attack_one_literally(net, x[i : i + 1], int(y[i]), spec) for i in range(4)]
    assert record.distance.tolist() == pytest.approx([distance for distance, _ in expected], rel=1e-3)
    assert record.forwards.tolist() == pytest.approx([forwards for _, forwards in expected], rel=0.02)
    assert len(set(record.forwards.tolist())) > 1


def test_const_that_never_gets_large_enough_is_a_failure_not_the_clean_image():
    spec = CarliniWagnerLinf(steps=5, largest_const=2e-5, lr=1e-4)
    record = run_attack(toy(), X, Y, [0], spec=spec, seed=0)
    assert not record.success.any()
    assert record.distance.isinf().all()


@pytest.mark.parametrize("mode", ["strict", "fast"])
def test_budgets_spend_more_and_explicit_steps_go_first(mode):
    passes = [CarliniWagnerLinf(mode=mode, budget=budget).passes for budget in ("ci", "default", "paper")]
    assert passes == sorted(set(passes))
    assert CarliniWagnerLinf(mode=mode, budget="paper", steps=7).made_steps == 7
