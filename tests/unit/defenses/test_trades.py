"""TRADES on a network of one pixel, where everything can be computed by hand."""

from math import log

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from distillab.attacks.ascent import steepest_ascent
from distillab.attacks.projections import LinfBall
from distillab.core.generators import forked, generator
from distillab.data.dataset import Batch
from distillab.defenses.trades import NOISE, Trades, TradesObjective
from distillab.losses.divergence import kl_from_logits

X, Y = torch.tensor([[[[0.5]]]]), torch.tensor([0])
SLOPE = (log(4) - log(1.5)) / 0.1
"""With this one the outputs are (0.8, 0.2) at 0.5 and (0.6, 0.4) at 0.4."""


def linear():
    net = nn.Sequential(nn.Flatten(), nn.Linear(1, 2))
    with torch.no_grad():
        net[1].weight.copy_(torch.tensor([[SLOPE], [0.0]]))
        net[1].bias.copy_(torch.tensor([log(4) - 0.5 * SLOPE, 0.0]))
    return net


def objective_of(spec, seed=0):
    objective = TradesObjective(spec, seed)
    objective.begin_epoch(0, nn.Identity())
    return objective


def batch_of(x=X, y=Y):
    return Batch(x, y, torch.arange(len(y)))


def downhill(spec):
    """An objective whose first noise is negative, so that its adversary goes to 0.4."""
    seeds = (s for s in range(50) if objective_of(spec, s).adversarial(linear(), batch_of()) < 0.5)
    return objective_of(spec, next(seeds))


@pytest.mark.parametrize("beta", [1.0, 6.0])
@pytest.mark.parametrize("reference_forward", [False, True])
def test_loss_and_gradient(beta, reference_forward):
    """KL((.8, .2), (.6, .4)) = .0915162; its derivatives in the two margins are .1569327 and -.2."""
    net = linear()
    spec = Trades(eps=0.1, step_size=0.05, steps=5, beta=beta, reference_forward=reference_forward)
    terms = downhill(spec).terms(net, batch_of())
    assert terms["cross_entropy"].item() == pytest.approx(0.2231436, abs=1e-6)
    assert terms["kl"].item() == pytest.approx(beta * 0.0915162, abs=1e-5)
    sum(terms.values()).mean().backward()
    in_bias = -0.2 + beta * (0.1569327 - 0.2)
    in_slope = -0.2 * 0.5 + beta * (0.1569327 * 0.5 - 0.2 * 0.4)
    torch.testing.assert_close(net[1].bias.grad, torch.tensor([in_bias, -in_bias]), atol=1e-5, rtol=0)
    torch.testing.assert_close(net[1].weight.grad, torch.tensor([[in_slope], [-in_slope]]), atol=1e-5, rtol=0)


def test_the_direction_of_the_divergence():
    p, q = torch.tensor([[0.8, 0.2]]).log(), torch.tensor([[0.6, 0.4]]).log()
    assert kl_from_logits(p, q).item() == pytest.approx(0.0915162, abs=1e-6)
    assert kl_from_logits(q, p).item() == pytest.approx(0.1046496, abs=1e-6)


def test_at_the_image_there_is_nothing_to_climb():
    net = linear()
    clean = net(X).detach()

    def loss(x):
        return kl_from_logits(clean, net(x))

    x = X.clone().requires_grad_()
    loss(x).sum().backward()
    assert loss(X).item() == 0
    assert x.grad.item() == 0
    x_adv = steepest_ascent(loss, X, LinfBall.around(X, 0.1), step_size=0.05, steps=5)
    assert torch.equal(x_adv, X)


def test_the_adversary_starts_from_small_normal_noise_that_is_not_clipped():
    starts = []

    class Watching(nn.Module):
        def forward(self, x):
            starts.append(x.detach().clone())
            return linear()(x)

    x = torch.zeros(400, 1, 1, 1)
    objective_of(Trades(steps=1)).adversarial(Watching(), batch_of(x, torch.zeros(400, dtype=torch.int64)))
    clean, start = starts
    assert torch.equal(clean, x)
    assert start.std().item() == pytest.approx(NOISE, rel=0.1)
    assert start.min() < 0


def test_outputs_of_clean_images_are_constant_for_the_adversary():
    passes = []

    class Counting(nn.Module):
        def forward(self, x):
            passes.append(torch.is_grad_enabled())
            return linear()(x)

    objective_of(Trades(steps=4)).adversarial(Counting(), batch_of())
    assert passes == [False, True, True, True, True]


@pytest.mark.parametrize("swapped", [False, True])
def test_the_adversary_raises_the_divergence_that_averages_over_the_clean_outputs(swapped):
    stream = generator(2, "start", 0)
    with forked(0, "init"):
        net = nn.Sequential(nn.Flatten(), nn.Linear(9, 20), nn.Tanh(), nn.Linear(20, 5))
        x = torch.rand(40, 1, 3, 3)
    net[1].weight.data.mul_(5)
    net[3].weight.data.mul_(3)
    clean = net(x).detach()
    moving = x + NOISE * torch.randn(x.shape, generator=stream)
    for _ in range(6):
        moving = moving.detach().requires_grad_()
        first, second = (net(moving), clean) if swapped else (clean, net(moving))
        divergence = F.kl_div(second.log_softmax(1), first.log_softmax(1), reduction="sum", log_target=True)
        (gradient,) = torch.autograd.grad(divergence, moving)
        moving = (moving.detach() + 0.3 * gradient.sign()).clamp(x - 0.9, x + 0.9).clamp(0, 1)
    objective = objective_of(Trades(eps=0.9, step_size=0.3, steps=6), seed=2)
    x_adv = objective.adversarial(net, batch_of(x, torch.zeros(40, dtype=torch.int64)))
    alike = torch.isclose(x_adv, moving, atol=1e-6).flatten(1).all(dim=1).float().mean().item()
    assert alike < 0.7 if swapped else alike > 0.9


def counted(spec):
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(1), nn.Linear(1, 2))
    objective_of(spec).terms(model.train(), batch_of(torch.rand(8, 1, 1, 1), torch.zeros(8, dtype=torch.int64)))
    return model[1].num_batches_tracked.item()


def test_passes_in_training_mode():
    assert counted(Trades()) == 2
    assert counted(Trades(reference_forward=True)) == 3
    assert counted(Trades(beta=0)) == 1


def test_one_clean_pass_means_one_dropout_mask():
    """With eps 0 the clean and the adversarial image are equal, and only masks tell their outputs apart."""
    x = torch.rand(64, 1, 1, 1, generator=torch.Generator().manual_seed(0))

    def divergence(reference_forward):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = nn.Sequential(nn.Flatten(), nn.Linear(1, 8), nn.Dropout(0.5), nn.Linear(8, 2))
            spec = Trades(eps=0, steps=1, reference_forward=reference_forward)
            return objective_of(spec).terms(model.train(), batch_of(x, torch.zeros(64, dtype=torch.int64)))["kl"]

    assert (divergence(False) > 0).any()
    assert not torch.equal(divergence(False), divergence(True))


def test_defaults_are_the_releases():
    spec = Trades()
    assert (spec.eps, spec.step_size, spec.steps, spec.beta) == (0.031, 0.007, 10, 6.0)
    assert not spec.reference_forward
    with pytest.raises(ValueError, match="beta"):
        Trades(beta=-1)
