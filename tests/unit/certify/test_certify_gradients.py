"""Bounds that training differentiates."""

import pytest
import torch
import torch.nn.functional as F

from distillab.certify.crown import CROWN
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.projections import Projections
from distillab.certify.trace import trace

SPECS = (IBP(), Dual(), Dual(intersect=False), CROWN(layers="ibp"), CROWN())
EPS = 0.03


def robust_loss(spec, net, x, y, eps=EPS):
    margins = spec.margins(trace(net, tuple(x.shape[1:])), x, y, eps)
    return F.cross_entropy(-margins, y)


@pytest.mark.parametrize("name", ["dense", "conv", "residual", "pooled"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_gradients_match_finite_differences(check_slope, network, images, name, spec):
    net, x, y = network(name), images(2), torch.tensor([1, 2])
    check_slope(lambda: robust_loss(spec, net, x, y), list(net.parameters()))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_robust_cross_entropy_is_above_every_point_and_equal_at_radius_zero(network, images, points, spec):
    net, x, y = network("conv"), images(2), torch.tensor([1, 2])
    loss = robust_loss(spec, net, x, y)
    with torch.no_grad():
        inside = points(x, EPS, "linf", 500).flatten(0, 1)
        seen = F.cross_entropy(net(inside), y.repeat(500), reduction="none").view(500, 2).amax(dim=0).mean()
    assert loss > seen
    assert robust_loss(spec, net, x, y, 0.0).item() == pytest.approx(F.cross_entropy(net(x), y).item())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_gradients_are_finite_where_bounds_meet(network, images, spec):
    """At radius zero lower and upper bounds agree: no division by their difference may reach a gradient."""
    net, x, y = network("conv"), images(2), torch.tensor([1, 2])
    gradients = torch.autograd.grad(robust_loss(spec, net, x, y, 0.0), list(net.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_estimates_carry_gradients(network, images, shape):
    net, x, y = network("conv"), images(2), torch.tensor([1, 2])
    found = Projections(directions=5).estimates(trace(net, shape), x, y, EPS, seed=0)
    gradients = torch.autograd.grad(found.sum(), list(net.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert gradients[0].abs().sum() > 0
