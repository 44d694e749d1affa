"""No point of the ball beats a bound, and the orderings that are theorems hold; those that are not, are not asked."""

import itertools

import pytest
import torch
from torch import nn

from distillab.certify.alpha_crown import AlphaCROWN
from distillab.certify.ball import ball_of
from distillab.certify.best import Best
from distillab.certify.bounds import LayerBounds, margins_under
from distillab.certify.crown import CROWN
from distillab.certify.decision import clean_margins
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.certify.milp import MILP
from distillab.certify.trace import trace

LINEAR = (IBP, Dual, CROWN, AlphaCROWN, Best)
NETS = ("dense", "conv", "residual", "pooled")
SWEEPS = ((), ("parallel",), ("adaptive",), ("parallel", "adaptive"))
EPS = {"linf": 0.03, "l2": 0.25, "l1": 0.8}


def tiny(seed, widths=(3, 5, 4, 2)):
    torch.manual_seed(seed)
    layers = [part for a, b in itertools.pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    return trace(nn.Sequential(*layers[:-1]).double(), widths[:1])


def tiny_image(seed, n=1, size=3):
    return torch.rand(n, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("norm", EPS)
@pytest.mark.parametrize("name", NETS)
def test_ten_thousand_points_stay_above_every_bound(network, images, points, name, norm):
    net, x, eps = network(name), images(2), EPS[norm]
    graph = trace(net, tuple(x.shape[1:]))
    y = net(x).argmax(1)
    with torch.no_grad():
        inside = points(x, eps, norm, 5000).flatten(0, 1)
        seen = clean_margins(graph, inside, y.repeat(5000)).view(5000, 2, -1).amin(dim=0)
    for spec in LINEAR:
        bound = spec(norm=norm).margins(graph, x, y, eps)
        assert (bound <= seen + 1e-9).all(), spec.__name__
        assert (bound < clean_margins(graph, x, y) - 1e-3).sum() == 6, f"{spec.__name__} is not a bound over the ball"


@pytest.mark.parametrize(
    "layers",
    [LayerBounds(slopes, intersect) for slopes in SWEEPS for intersect in (True, False)],
    ids=lambda layers: f"{'-'.join(layers.slopes)}-{layers.intersect}",
)
@pytest.mark.parametrize("name", NETS)
def test_a_thousand_points_stay_within_every_layer_bound(network, images, points, name, layers):
    graph, x = trace(network(name), (2, 6, 5)), images(2)
    bounds = layers.of(graph, ball_of(Dual(), x, 0.03))
    with torch.no_grad():
        values = graph.values(points(x, 0.03, "linf", 1000).flatten(0, 1))
    for position, _, before in graph.activations:
        lower, upper = bounds[position]
        seen = values[before].view(1000, 2, *lower.shape[1:])
        assert (seen.amin(dim=0) >= lower - 1e-9).all()
        assert (seen.amax(dim=0) <= upper + 1e-9).all()


@pytest.mark.parametrize("eps", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("seed", range(8))
def test_theorems_of_the_ordering(seed, eps):
    graph, x, y = tiny(seed), tiny_image(seed), torch.tensor([seed % 2])
    ball = ball_of(Dual(), x, eps)

    def of(spec):
        return spec.margins(graph, x, y, eps)[0, 1 - seed % 2].item()

    exact, everything = of(MILP()), of(LP(layers="lp"))
    assert exact >= everything - 2e-5
    for layers in ("ibp", "dual", "crown"):
        bounds = LayerBounds({"ibp": (), "dual": ("parallel",), "crown": ("adaptive",)}[layers]).of(graph, ball)
        program = LP().on_layers(graph, y, ball, bounds)[0, 1 - seed % 2].item()
        assert everything >= program - 1e-7
        slopes = ("parallel", "adaptive", "constant")
        found = {s: margins_under(graph, y, ball, bounds, s)[0, 1 - seed % 2].item() for s in slopes}
        assert program >= max(found.values()) - 1e-7
        ascent = AlphaCROWN(steps=10).on_layers(graph, y, ball, bounds)[0, 1 - seed % 2].item()
        assert found["adaptive"] - 1e-12 <= ascent <= program + 1e-7
    assert exact >= max(of(Dual()), of(CROWN()), of(IBP())) - 2e-5
    assert of(Best()) >= max(of(Dual()), of(IBP())) - 1e-12


def test_exact_equals_a_grid_on_two_pixels():
    graph, x, y = tiny(3, (2, 6, 2)), tiny_image(3, size=2), torch.tensor([0])
    steps = torch.linspace(-0.3, 0.3, 241, dtype=torch.float64)
    grid = (x + torch.cartesian_prod(steps, steps)).clamp(0, 1)
    seen = clean_margins(graph, grid, torch.zeros(len(grid), dtype=torch.long))[:, 1].min().item()
    assert MILP().margins(graph, x, y, 0.3)[0, 1].item() == pytest.approx(seen, abs=0.02)
    assert MILP().margins(graph, x, y, 0.3)[0, 1].item() <= seen


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("norm", EPS)
def test_radius_zero_gives_the_logits(network, images, shape, name, norm):
    graph, x = trace(network(name), shape), images(3)
    y = torch.tensor([0, 1, 2])
    for spec in LINEAR:
        assert torch.allclose(spec(norm=norm).margins(graph, x, y, 0.0), clean_margins(graph, x, y), atol=1e-9)


def test_without_unstable_units_linear_bounds_are_exact():
    """Interval arithmetic is not: it forgets how units depend on one another."""
    net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2)).double()
    with torch.no_grad():
        net[0].bias.copy_(torch.tensor([5, 5, 5, -5, -5, -5]))
    graph, x, y = trace(net, (3,)), tiny_image(0), torch.tensor([1])
    exact = MILP().margins(graph, x, y, 0.2)
    for spec in (Dual, CROWN, AlphaCROWN, Best, LP):
        assert torch.allclose(spec().margins(graph, x, y, 0.2), exact, atol=3e-6), spec.__name__


@pytest.mark.parametrize("spec", [*LINEAR, LP])
def test_permuting_and_rescaling_hidden_units_changes_nothing(network, images, shape, spec):
    net, x, y = network("dense"), images(2), torch.tensor([0, 3])
    before = spec().margins(trace(net, shape), x, y, 0.03)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    factor = torch.linspace(0.3, 3, 9, dtype=torch.float64)
    with torch.no_grad():
        net[1].weight.copy_((net[1].weight * factor[:, None])[order])
        net[1].bias.copy_((net[1].bias * factor)[order])
        net[3].weight.copy_((net[3].weight / factor)[:, order])
    assert torch.allclose(spec().margins(trace(net, shape), x, y, 0.03), before, atol=1e-7)


@pytest.mark.parametrize("norm", EPS)
@pytest.mark.parametrize("spec", LINEAR)
def test_convolutions_are_bounded_like_their_matrices(network, images, shape, spec, norm):
    net, x, y = network("conv"), images(2), torch.tensor([0, 3])
    parts, here = [nn.Flatten()], shape
    for layer in net:
        if isinstance(layer, nn.ReLU):
            parts.append(nn.ReLU())
            continue
        size = torch.Size(here).numel()
        with torch.no_grad():
            offset = layer(torch.zeros(1, *here).double())
            columns = layer(torch.eye(size).double().view(size, *here)) - offset
        matrix = nn.Linear(size, columns[0].numel()).double()
        matrix.weight = nn.Parameter(columns.flatten(1).T.contiguous())
        matrix.bias = nn.Parameter(offset.flatten())
        parts.append(matrix)
        here = tuple(offset.shape[1:])
    as_matrices = trace(nn.Sequential(*parts), shape)
    ours, theirs = (spec(norm=norm).margins(graph, x, y, EPS[norm]) for graph in (trace(net, shape), as_matrices))
    assert torch.allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("name", NETS)
def test_the_pixel_box_tightens_the_dual(network, images, shape, name):
    graph, x, y = trace(network(name), shape), images(4), torch.tensor([0, 1, 2, 3])
    ball, free = ball_of(Dual(), x, 0.1), ball_of(Dual(input_box=False), x, 0.1)
    bounds = LayerBounds(("parallel",)).of(graph, free)
    boxed, unboxed = (margins_under(graph, y, b, bounds, "parallel") for b in (ball, free))
    assert (boxed >= unboxed - 1e-12).all()
    assert (boxed > unboxed + 1e-3).any()


def test_only_open_units_need_a_sweep(network, images, shape):
    """Bounds of units whose sign intervals settle do not change the lines, and so not the margins."""
    graph, x, y = trace(network("conv"), shape), images(2), torch.tensor([0, 1])
    ball = ball_of(Dual(), x, 0.02)
    once = LayerBounds(("parallel",)).of(graph, ball)
    relaxed = {p: (lo.where(hi > 0, -1.0), hi.where(lo < 0, 1.0)) for p, (lo, hi) in once.items()}
    assert any((lo != once[p][0]).any() for p, (lo, _) in relaxed.items())
    first, second = (margins_under(graph, y, ball, bounds, "parallel") for bounds in (once, relaxed))
    settled = [((lo >= 0) | (hi <= 0)).any() for lo, hi in once.values()]
    assert any(settled)
    assert torch.allclose(first, second, atol=1e-12)


@pytest.mark.parametrize("spec", [Dual, CROWN, AlphaCROWN])
def test_affine_maps_in_a_row_are_bounded_like_their_product(spec):
    torch.manual_seed(0)
    first, second, last = nn.Linear(3, 9).double(), nn.Linear(9, 6).double(), nn.Linear(6, 2).double()
    product = nn.Linear(3, 6).double()
    with torch.no_grad():
        product.weight.copy_(second.weight @ first.weight)
        product.bias.copy_(second(first.bias))
    x, y = tiny_image(0), torch.tensor([1])
    apart = spec().margins(trace(nn.Sequential(first, second, nn.ReLU(), last), (3,)), x, y, 0.4)
    assert torch.allclose(apart, spec().margins(trace(nn.Sequential(product, nn.ReLU(), last), (3,)), x, y, 0.4))


@pytest.mark.parametrize("spec", [LP(), LP(layers="lp"), MILP()], ids=["lp", "lp-all", "milp"])
def test_programs_know_a_network_that_ends_in_an_activation(spec):
    x, y = tiny_image(0), torch.tensor([0])
    torch.manual_seed(0)
    graph = trace(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.ReLU()).double(), (3,))
    with torch.no_grad():
        corners = x + 0.1 * torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)), dtype=x.dtype)
        seen = clean_margins(graph, corners.clamp(0, 1), y.repeat(8))[:, 1].min()
    margin = spec.margins(graph, x, y, 0.1)[0, 1]
    assert CROWN().margins(graph, x, y, 0.1)[0, 1] - 1e-5 <= margin <= seen + 1e-9
