import math

import pytest
import torch
from torch import nn

from distillab.certify.best import Best
from distillab.certify.crown import CROWN
from distillab.certify.decision import certified, certify
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.certify.milp import MILP
from distillab.certify.radius import certified_radius
from distillab.certify.trace import trace
from distillab.core.errors import SpecError


@pytest.mark.parametrize(
    ("dtype", "margin", "scale", "expected"),
    [
        (torch.float32, 2.1e-4, 1.0, True),
        (torch.float32, 1.9e-4, 1.0, False),
        (torch.float32, 1.9e-4, 0.0, True),
        (torch.float64, 2e-9, 1.0, True),
        (torch.float64, 0.0, 1.0, False),
        (torch.float32, math.nan, 1.0, False),
    ],
)
def test_a_certificate_exceeds_its_slack(dtype, margin, scale, expected):
    margins = torch.tensor([[5.0, 0.0, margin]], dtype=dtype)
    assert certified(margins, torch.tensor([1]), torch.tensor([scale], dtype=dtype)).tolist() == [expected]


def line(dtype=torch.float64):
    """Logits (10 x, 5): at x the margin of class 0 over a radius is 10 (x - eps) - 5."""
    net = nn.Sequential(nn.Linear(1, 2)).to(dtype)
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[10.0], [0.0]]))
        net[0].bias.copy_(torch.tensor([0.0, 5.0]))
    return trace(net, (1,))


def test_the_radius_is_the_last_certified_cell():
    x = torch.tensor([[0.9], [0.6], [0.5], [0.1], [0.1]], dtype=torch.float64)
    y = torch.tensor([0, 0, 0, 0, 1])
    found = certified_radius(Dual(input_box=False), line(), x, y, largest=0.32, halvings=5)
    assert found.tolist() == pytest.approx([0.32, 0.09, -math.inf, -math.inf, 0.32])
    exact = certified_radius(Dual(), line(), x, y, largest=1.0, halvings=10)
    assert exact[:2].tolist() == pytest.approx([0.4, 0.1], abs=1e-3)


def test_every_radius_is_certified(network, images, shape):
    net, x = network("conv"), images(6)
    graph, y = trace(net, shape), net(x).argmax(1)
    radius = certified_radius(CROWN(), graph, x, y, largest=0.2, halvings=5)
    assert (radius > 0).any()
    good = radius >= 0
    assert certify(CROWN(), graph, x[good], y[good], radius[good]).all()
    assert not certify(CROWN(), graph, x[good], y[good], radius[good] + 0.2 / 32)[radius[good] < 0.2].any()


@pytest.mark.parametrize(("largest", "halvings"), [(0.0, 3), (-1.0, 3), (0.1, -1), (math.nan, 3)])
def test_an_empty_grid_is_refused(images, largest, halvings):
    with pytest.raises(SpecError, match="grid of radii is empty"):
        certified_radius(IBP(), line(), images(1, (1,)), torch.tensor([0]), largest=largest, halvings=halvings)


def test_best_is_at_least_each_member_and_says_who_decided(network, images, shape):
    net, x, eps = network("conv", seed=1), images(17, seed=1), 0.08
    graph, y = trace(net, shape), net(x).argmax(1)
    y[0] = (y[0] + 1) % 4
    for spec in (Best(alpha_steps=20), Best(alpha_steps=0, lp_units=100), Best(alpha_steps=0)):
        found = spec.decide(graph, x, y, eps)
        for member in (IBP(), Dual()):
            assert (found.margins >= member.margins(graph, x, y, eps) - 1e-9).all()
        assert [stage != "undecided" for stage in found.by] == certify(spec, graph, x, y, eps).tolist()
        assert found.by[0] == "undecided"
        last = "alpha_crown" if spec.alpha_steps else "lp"
        assert (last in found.by) == bool(spec.alpha_steps or spec.lp_units)
        assert {"ibp", "dual"} <= set(found.by)


def test_programs_refuse_what_they_cannot_solve(network, images, shape):
    graph, x, y = trace(network("conv"), shape), images(1), torch.tensor([0])
    with pytest.raises(SpecError, match=r"^milp: an image has too many unstable units"):
        MILP(most_unstable=3).margins(graph, x, y, 0.2)
    with pytest.raises(SpecError, match=r"^lp: the network is too large"):
        LP(layers="lp", most_units=10).margins(graph, x, y, 0.1)
