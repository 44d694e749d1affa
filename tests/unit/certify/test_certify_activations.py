import pytest
import torch
from torch import nn

from distillab.certify.activations import ReLU, Sigmoid, Tanh
from distillab.certify.crown import CROWN
from distillab.certify.decision import clean_margins
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.certify.relaxations import Band
from distillab.certify.trace import trace
from distillab.core.errors import SpecError

ENDS = torch.linspace(-6, 6, 49, dtype=torch.float64)
PAIRS = torch.cartesian_prod(ENDS, ENDS)
LOWER, UPPER = PAIRS[PAIRS[:, 0] <= PAIRS[:, 1]].unbind(1)


def enclosure(relaxation, v):
    """Values of the lower and the upper line at v (points, pairs)."""
    if isinstance(relaxation, Band):
        slope = 0 if relaxation.slope is None else relaxation.slope
        return slope * v + relaxation.middle - relaxation.radius, slope * v + relaxation.middle + relaxation.radius
    offset = 0 if relaxation.lower_offset is None else relaxation.lower_offset
    return relaxation.lower_slope * v + offset, relaxation.upper_slope * v + relaxation.upper_offset


@pytest.mark.parametrize("slopes", ["constant", "parallel", "adaptive"])
@pytest.mark.parametrize("activation", [ReLU(), Sigmoid(), Tanh()], ids=lambda a: type(a).__name__)
def test_lines_enclose_the_activation(activation, slopes):
    v = LOWER + (UPPER - LOWER) * torch.linspace(0, 1, 201, dtype=torch.float64)[:, None]
    below, above = enclosure(activation.lines(LOWER, UPPER, slopes), v)
    assert (below <= activation(v) + 1e-9).all()
    assert (above >= activation(v) - 1e-9).all()


@pytest.mark.parametrize("activation", [Sigmoid(), Tanh()], ids=lambda a: type(a).__name__)
def test_adaptive_lines_touch_the_curve(activation):
    v = LOWER + (UPPER - LOWER) * torch.linspace(0, 1, 2001, dtype=torch.float64)[:, None]
    below, above = enclosure(activation.lines(LOWER, UPPER, "adaptive"), v)
    assert (activation(v) - below).amin(dim=0).max() < 1e-5
    assert (above - activation(v)).amin(dim=0).max() < 1e-5


def test_relu_lines_by_hand():
    lower, upper = torch.tensor([-1.0, -3.0, 1.0, -2.0]), torch.tensor([3.0, 1.0, 2.0, -1.0])
    wedge, band = (ReLU().lines(lower, upper, slopes) for slopes in ("adaptive", "parallel"))
    assert wedge.lower_slope.tolist() == [1, 0, 1, 0]
    assert wedge.upper_slope.tolist() == [0.75, 0.25, 1, 0]
    assert wedge.upper_offset.tolist() == [0.75, 0.75, 0, 0]
    assert band.slope.tolist() == [0.75, 0.25, 1, 0]
    assert (band.middle + band.radius).tolist() == [0.75, 0.75, 0, 0]
    assert (band.middle - band.radius).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", [nn.Sigmoid, nn.Tanh])
@pytest.mark.parametrize("spec", [IBP(), Dual(), CROWN()], ids=lambda spec: spec.name)
def test_networks_with_smooth_activations_are_bounded(points, spec, kind):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), kind(), nn.Linear(8, 8), kind(), nn.Linear(8, 3)).double()
    with torch.no_grad():
        for layer in net[::2]:
            layer.weight.mul_(3)
    graph, y = trace(net, (4,)), torch.tensor([0, 1])
    x = torch.rand(2, 4, dtype=torch.float64)
    with torch.no_grad():
        inside = points(x, 0.2, "linf", 5000).flatten(0, 1)
        seen = clean_margins(graph, inside, y.repeat(5000)).view(5000, 2, -1).amin(dim=0)
    assert (spec.margins(graph, x, y, 0.2) <= seen + 1e-9).all()
    assert torch.allclose(spec.margins(graph, x, y, 0.0), clean_margins(graph, x, y), atol=1e-6)
    with pytest.raises(SpecError, match="ReLU only"):
        LP().margins(graph, x, y, 0.2)
