import pytest
import torch
from linear_networks import X, Y, toy
from torch import nn

from distillab.attacks.carlini_wagner_l0 import CarliniWagnerL0
from distillab.attacks.doubling import Doubling
from distillab.attacks.goal import Goal
from distillab.evaluate.run_attack import run_attack
from distillab.losses.margins import difference_of_logits


def ladder(needed):
    """Twelve pixels at 0.5 with weights 1, 1.2, ...: the largest ``needed`` of them, moved to 0, lose the margin."""
    weight = 1 + 0.2 * torch.arange(12.0)
    reach = weight.flip(0).cumsum(0) * 0.5
    margin = (reach[needed - 1] + reach[needed - 2]) / 2 if needed > 1 else reach[0] / 2
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.stack([weight, torch.zeros(12)]))
        net[1].bias.copy_(torch.stack([margin - 0.5 * weight.sum(), torch.tensor(0.0)]))
    return net, torch.full((1, 1, 3, 4), 0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "expected"), [(1.0, -0.25458), (40.0, -0.25400), (1 / 40, -0.35390)])
def test_strict_agrees_with_a_literal_implementation(scale, expected):
    """Changes measured once with one image, autograd and the published loop: 0.01 logits weigh more at small scales.

    A larger bound of const only prolongs the last search, which fails.
    """
    spec = CarliniWagnerL0(steps=1_000, largest_const=20.0 if scale < 1 else 0.3)
    record = run_attack(toy(scale), X, Y, [0], spec=spec, seed=0)
    assert record.distance.item() == 1
    assert (record.kept.flatten() - 0.5).tolist() == pytest.approx([0.0, expected], abs=2e-4)


@pytest.mark.parametrize("fields", [{"mode": "fast"}, {"budget": "ci"}, {"budget": "ci", "score": "margin"}])
@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_one_pixel_suffices_whatever_the_scale(fields, scale):
    record = run_attack(toy(scale), X, Y, [0], spec=CarliniWagnerL0(**fields), seed=0)
    assert record.distance.item() == 1


@pytest.mark.parametrize("needed", [1, 3, 8])
@pytest.mark.parametrize("fields", [{"budget": "ci", "score": "margin"}, {"mode": "fast"}])
def test_the_fewest_pixels_of_a_linear_net_are_found(needed, fields):
    net, x = ladder(needed)
    record = run_attack(net, x, Y, [0], spec=CarliniWagnerL0(**fields), seed=0)
    assert record.distance.item() == needed


@pytest.mark.parametrize(("needed", "found"), [(3, 3), (8, 11)])
def test_the_releases_score_takes_saturated_pixels_away(needed, found):
    """At 0 and 1 the gradient in w vanishes, and with it the score of the most useful pixels; pruning cannot help."""
    net, x = ladder(needed)
    record = run_attack(net, x, Y, [0], spec=CarliniWagnerL0(budget="ci", prune=True), seed=0)
    assert record.distance.item() == found


def small_net():
    torch.manual_seed(3)
    net = nn.Sequential(nn.Flatten(), nn.Linear(108, 24), nn.ReLU(), nn.Linear(24, 5)).eval()
    x = torch.rand(20, 3, 6, 6)
    return net, x, net(x).argmax(dim=1)


@pytest.mark.parametrize("score", ["release", "margin"])
def test_pruning_never_adds_a_pixel_and_leaves_none_that_is_not_needed(score):
    net, x, y = small_net()
    spec = CarliniWagnerL0(steps=40, initial_const=0.1, largest_const=12.0, lr=0.05, score=score)
    plain = run_attack(net, x, y, range(20), spec=spec, seed=0, keep=20)
    pruned = run_attack(net, x, y, range(20), spec=spec.model_copy(update={"prune": True}), seed=0, keep=20)
    assert torch.equal(plain.success, pruned.success)
    assert plain.success.any()
    assert (pruned.distance <= plain.distance)[plain.success].all()
    assert pruned.distance[plain.success].sum() < plain.distance[plain.success].sum()
    assert (pruned.forwards[plain.success] > plain.forwards[plain.success]).all()


def test_what_counts_as_unchanged_is_unchanged():
    """The change of variables moves saturated pixels by a millionth."""
    net, x, _ = small_net()
    x = (2 * x - 0.5).clamp(0, 1)
    y = net(x).argmax(dim=1)
    spec = CarliniWagnerL0(steps=40, initial_const=0.1, largest_const=12.0, lr=0.05)
    record = run_attack(net, x, y, range(20), spec=spec, seed=0, keep=20)
    changed = (record.kept - x[record.success]).ne(0).any(dim=1).flatten(1).sum(dim=1)
    assert record.success.any()
    assert (changed == record.distance[record.success]).all()


def test_the_margins_score_keeps_a_short_change_that_is_useful():
    """Weights 40, 4, 3 with 0.1, 0.5, 0.5 to go and a margin of 5.6: the pixel that moves least is indispensable."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(3, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[40.0, 4.0, 3.0], [0.0, 0.0, 0.0]]))
        net[1].bias.copy_(torch.tensor([5.6 - 7.5, 0.0]))
    x = torch.tensor([0.1, 0.5, 0.5]).view(1, 1, 1, 3)
    spec = CarliniWagnerL0(steps=100, initial_const=0.1, largest_const=100.0, lr=0.05, score="margin")
    record = run_attack(net, x, Y, [0], spec=spec, seed=0)
    assert record.kept.ne(x).flatten().tolist() == [True, True, False]


def test_the_margin_is_lost_by_a_hundredth_of_a_logit():
    net, x, y = small_net()
    spec = CarliniWagnerL0(steps=40, initial_const=0.1, largest_const=12.0, lr=0.05)
    record = run_attack(net, x, y, range(20), spec=spec, seed=0, keep=20)
    margins = difference_of_logits(net(record.kept), y[record.success])
    # putting back changes of at most 1e-4 may cost a little of it
    assert (margins < -0.008).all()
    assert margins.max() > -0.05


def attack_one_literally(net, x, y, spec):
    """The attack on one image as it was published, with autograd and torch's Adam; pixels and forward passes."""
    w_start = torch.atanh((2 * x - 1) * 0.9999995)
    x_clean, mask = 0.5 + 0.5 * torch.tanh(w_start), torch.ones_like(x[:, :1])
    const, found, forwards = spec.initial_const, None, 0
    while mask.any():
        w = torch.zeros_like(x, requires_grad=True)
        optimizer, solved = torch.optim.Adam([w], lr=spec.lr), None
        while const < spec.last_const and solved is None:
            for _ in range(spec.made_steps):
                x_adv = mask * (0.5 + 0.5 * torch.tanh(w_start + w)) + (1 - mask) * x
                logits = net(x_adv)
                forwards += 1
                margin = (logits[:, y] - torch.cat([logits[:, :y], logits[:, y + 1 :]], dim=1).amax()).sum()
                hinge = (margin + 0.01).clamp(min=0)
                loss = (x_adv - x_clean).square().sum() + const * hinge
                optimizer.zero_grad()
                loss.backward()
                if hinge < 1e-4:
                    solved = x_adv.detach()
                    break
                optimizer.step()
            else:
                const *= 2
        if solved is None:
            break
        found, delta = solved, solved - x
        changed = int((delta.abs() >= 1e-4).any(dim=1).sum())
        score = (delta.sum(dim=1).abs() * w.grad.abs().sum(dim=1)).flatten()
        count = 0
        for pixel in score.argsort(stable=True).tolist():
            if mask.view(-1)[pixel]:
                mask.view(-1)[pixel] = 0
                count += 1
                if score[pixel] > 0.01 or count >= 0.3 * changed**0.5:
                    break
        w_start = torch.atanh((2 * solved - 1) * 0.9999995)
    assert found is not None
    return int(((found - x).abs() > 1e-4).any(dim=1).sum()), forwards


def test_a_pool_equals_a_literal_loop_over_images():
    net, x, y = small_net()
    spec = CarliniWagnerL0(steps=40, initial_const=0.1, largest_const=12.0, lr=0.05)
    record = run_attack(net, x[:3], y[:3], range(3), spec=spec, seed=0)
    expected = [attack_one_literally(net, x[i : i + 1], int(y[i]), spec) for i in range(3)]
    assert record.distance.tolist() == [pixels for pixels, _ in expected]
    # snapping takes one pass more
    assert record.forwards.tolist() == pytest.approx([forwards + 1 for _, forwards in expected], rel=0.02)
    assert len(set(record.forwards.tolist())) > 1


def test_const_that_never_gets_large_enough_is_a_failure_not_the_clean_image():
    record = run_attack(toy(), X, Y, [0], spec=CarliniWagnerL0(steps=5, largest_const=2e-3, lr=1e-4), seed=0)
    assert not record.success.any()
    assert record.distance.isinf().all()


@pytest.mark.parametrize("mode", ["strict", "fast"])
def test_budgets_spend_more_and_explicit_steps_go_first(mode):
    passes = [CarliniWagnerL0(mode=mode, budget=budget).passes for budget in ("ci", "default", "paper")]
    assert passes == sorted(set(passes))
    assert CarliniWagnerL0(mode=mode, budget="paper", steps=7).made_steps == 7


def test_the_first_problem_starts_at_pixels_that_are_as_near_to_black_and_white_as_those_of_later_ones():
    pool = Doubling.of(torch.tensor([0.0, 1.0]).view(1, 1, 1, 2), Goal.of(torch.tensor([0]), None), 1e-3, 10)
    assert pool.w_start.flatten().tolist() == pytest.approx([-7.6, 7.6], abs=0.05)
