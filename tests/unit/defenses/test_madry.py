"""Madry's training on a network of two pixels, where everything can be computed by hand."""

import pytest
import torch
from torch import nn

from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses.madry import Madry
from distillab.specs.model import Domain
from distillab.training.objective import Task

WEIGHT = (3.0, -4.0)
X, Y = torch.tensor([[[[0.5, 0.25]]]]), torch.tensor([0])


def linear(weight=WEIGHT, bias=0.2):
    """Logits (w x + b, 0)."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([weight, (0.0, 0.0)]))
        net[1].bias.copy_(torch.tensor([bias, 0.0]))
    return net


def objective_of(spec, x=X, y=Y, epoch=0):
    images = ResidentImages((x * 255).round().to(torch.uint8), y, levels=255)
    objective = spec.objective(Task(images, torch.arange(len(y)), Domain((1, 1, 2), 2, (0.5,), (0.3,)), 3, 0, None))
    objective.begin_epoch(epoch, nn.Identity())
    return objective


def batch_of(x=X, y=Y):
    return Batch(x, y, torch.arange(len(y)))


def test_loss_and_gradient_at_the_inner_maximum():
    """x' = (0.4, 0.35), margin 3 * 0.4 - 4 * 0.35 + 0.2 = 0, so loss ln 2 and gradient -x' / 2."""
    net = linear()
    terms = objective_of(Madry(eps=0.1, step_size=0.03, steps=7)).terms(net, batch_of())
    assert terms.keys() == {"cross_entropy"}
    terms["cross_entropy"].mean().backward()
    assert terms["cross_entropy"].item() == pytest.approx(0.69314718, abs=1e-6)
    expected = torch.tensor([[-0.2, -0.175], [0.2, 0.175]])
    torch.testing.assert_close(net[1].weight.grad, expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(net[1].bias.grad, torch.tensor([-0.5, 0.5]), atol=1e-6, rtol=0)


def test_clean_images_are_not_learned_from():
    seen = []

    class Watching(nn.Module):
        def forward(self, x):
            if self.training:
                seen.append(x.detach())
            return linear()(x)

    objective_of(Madry(eps=0.1, step_size=0.1, steps=2)).terms(Watching().train(), batch_of())
    (only,) = seen
    torch.testing.assert_close(only, torch.tensor([[[[0.4, 0.35]]]]))


def test_steps_too_few_for_the_edge_stop_inside():
    objective = objective_of(Madry(eps=0.1, step_size=0.01, steps=3, random_start=False))
    torch.testing.assert_close(objective.adversarial(linear(), batch_of()), torch.tensor([[[[0.47, 0.28]]]]))


@pytest.mark.parametrize("loss", ["ce", "margin"])
def test_every_loss_pushes_the_label_out(loss):
    objective = objective_of(Madry(eps=0.1, step_size=0.1, steps=3, loss=loss))
    torch.testing.assert_close(objective.adversarial(linear(), batch_of()), torch.tensor([[[[0.4, 0.35]]]]))


def test_saturated_cross_entropy_has_no_gradient_where_the_margin_has_one():
    batch = batch_of()
    for loss, moved in (("ce", False), ("margin", True)):
        spec = Madry(eps=0.1, step_size=0.1, steps=3, loss=loss, random_start=False)
        x_adv = objective_of(spec).adversarial(linear((3e3, -4e3), 2e3), batch)
        assert torch.equal(x_adv, batch.x) != moved


def test_random_starts_fill_the_ball():
    x = torch.full((500, 1, 1, 2), 0.5)
    objective = objective_of(Madry(eps=0.1, step_size=1e-9, steps=1), x, torch.zeros(500, dtype=torch.int64))
    offset = objective.adversarial(linear(), batch_of(x, torch.zeros(500, dtype=torch.int64))) - x
    assert offset.abs().max() <= 0.1 + 1e-6
    assert offset.mean().abs() < 0.01
    assert offset.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.1)


def test_fast_makes_one_long_step_whatever_the_other_fields_say():
    passes = []
    net = linear()

    def counted(x):
        passes.append(x.detach().clone())
        return net(x)

    class Counting(nn.Module):
        forward = staticmethod(counted)

    spec = Madry(mode="fast", eps=0.1, step_size=0.001, steps=50, random_start=False)
    x_adv = objective_of(spec).adversarial(Counting(), batch_of())
    (start,) = passes
    assert not torch.equal(start, X)
    step = torch.tensor([[[[-0.125, 0.125]]]])
    torch.testing.assert_close(x_adv, torch.clamp(start + step, X - 0.1, X + 0.1))


def test_warming_up_scales_the_ball_and_the_step():
    spec = Madry(eps=0.4, step_size=0.1, steps=2, warmup_epochs=3, random_start=False)
    x = torch.full((1, 1, 1, 2), 0.5)
    moved = [(objective_of(spec, x, Y, epoch).adversarial(linear(), batch_of(x)) - x).abs().max().item()
             for epoch in (0, 1, 3, 4)]  # fmt: skip
    assert moved == pytest.approx([0.05, 0.1, 0.2, 0.2])


class Collapsed(nn.Module):
    """Withstands one step of 0.1, at whose end it is sure again, and no shorter ones: they end in a dip on the way."""

    def forward(self, x):
        away = (x.flatten(1) - 0.5).mean(1)
        dip = 100 * (away - 0.05).square() - 1
        margin = torch.where(away < 0.01, 1 - 50 * away, torch.where(away < 0.09, dip, 1 - away))
        return torch.stack([margin, torch.zeros_like(margin)], 1)


def grays(n=10):
    return torch.full((n, 1, 1, 2), 128 / 255), torch.zeros(n, dtype=torch.int64)


def test_a_collapse_is_noticed():
    objective = objective_of(Madry(mode="fast", eps=0.1), *grays())
    assert objective.diagnostics(Collapsed()) == {"fgsm_accuracy": 1.0, "pgd_accuracy": 0.0, "collapsed": 1.0}
    sound = objective.diagnostics(linear((1.0, 1.0), 5.0))
    assert sound == {"fgsm_accuracy": 1.0, "pgd_accuracy": 1.0, "collapsed": 0.0}
    hopeless = objective.diagnostics(linear((9.0, 9.0), -9.0))
    assert hopeless == {"fgsm_accuracy": 0.0, "pgd_accuracy": 0.0, "collapsed": 0.0}


def test_only_the_fast_mode_is_watched():
    assert objective_of(Madry(), *grays()).diagnostics(Collapsed()) == {}


def test_defaults_are_the_papers():
    spec = Madry()
    assert (spec.eps, spec.step_size, spec.steps, spec.random_start) == (8 / 255, 2 / 255, 7, True)
