"""Max pools: exact by intervals, and bounded like the dense network of their differences by everything else."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from distillab.certify.alpha_crown import AlphaCROWN
from distillab.certify.ball import Ball
from distillab.certify.bounds import LayerBounds
from distillab.certify.crown import CROWN
from distillab.certify.decision import clean_margins
from distillab.certify.dual import Dual
from distillab.certify.functionals import Functionals, Windows
from distillab.certify.ibp import IBP
from distillab.certify.lp import LP
from distillab.certify.milp import MILP
from distillab.certify.pooling import Slice
from distillab.certify.trace import trace

POOLS = {
    "halving": nn.MaxPool2d(2),
    "overlapping": nn.MaxPool2d(3, stride=2),
    "sliding": nn.MaxPool2d((2, 3), stride=1),
    "gaps": nn.MaxPool2d(2, stride=3),
    "dilated": nn.MaxPool2d(2, stride=1, dilation=(2, 3)),
    "one axis": nn.MaxPool2d((1, 4)),
}
SHAPE = (2, 5, 7)
every_pool = pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)


def network(pool, seed=0):
    """A convolution, a pool, and two dense layers."""
    torch.manual_seed(seed)
    before = nn.Conv2d(2, 3, 3, padding=1)
    size = pool(before(torch.zeros(1, *SHAPE))).numel()
    return nn.Sequential(before, pool, nn.Flatten(), nn.Linear(size, 6), nn.ReLU(), nn.Linear(6, 3)).double()


def image(n=2, shape=SHAPE):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@every_pool
def test_a_pool_computes_maxima(pool):
    graph, x = trace(nn.Sequential(pool, nn.Flatten()), SHAPE), torch.randn(3, *SHAPE).double()
    assert torch.allclose(graph(x), pool(x).flatten(1), atol=1e-14)


@every_pool
def test_intervals_of_a_pool_are_the_pools_of_both_ends(pool):
    net, x, eps = network(pool), image(), 0.1
    before, dense = net[0], net[3]
    middle, half = before(x), F.conv2d(torch.full_like(x, eps), before.weight.abs(), padding=1)
    low, high = pool(middle - half).flatten(1), pool(middle + half).flatten(1)
    center, radius = dense((low + high) / 2), (high - low) / 2 @ dense.weight.abs().T
    graph = trace(net, SHAPE)
    lower, upper = list(LayerBounds().of(graph, Ball.around(x, eps, norm="linf", box=False)).values())[-1]
    assert torch.allclose(lower, center - radius, atol=1e-12)
    assert torch.allclose(upper, center + radius, atol=1e-12)


@pytest.mark.parametrize("eps", [0.02, 0.3])
def test_interval_margins_do_not_depend_on_whether_the_pool_or_the_relu_comes_first(eps):
    torch.manual_seed(0)
    before, pool, after = nn.Conv2d(2, 3, 3), nn.MaxPool2d(2, stride=1), nn.Linear(3 * 2 * 4, 3)
    x, y = image(), torch.tensor([0, 2])
    first, second = (
        IBP().margins(trace(nn.Sequential(before, *parts, nn.Flatten(), after).double(), SHAPE), x, y, eps)
        for parts in ((nn.ReLU(), pool), (pool, nn.ReLU()))
    )
    assert torch.allclose(first, second, atol=1e-12)


class Differences(nn.Module):
    """A 2x2 pool of vectors as dense layers: relu(a - b) + b, with every choice of places a matrix."""

    def __init__(self, shape):
        super().__init__()
        channels, height, width = shape
        places = torch.arange(channels * height * width).view(shape)
        self.columns = nn.ModuleList(choice(places[..., i : width // 2 * 2 : 2], places.numel()) for i in (0, 1))
        half = torch.arange(channels * height * (width // 2)).view(channels, height, width // 2)
        self.rows = nn.ModuleList(choice(half[:, i : height // 2 * 2 : 2], half.numel()) for i in (0, 1))
        self.minus = nn.ModuleList(negation(part[1].weight.shape[0]) for part in (self.columns, self.rows))

    def forward(self, x):
        for (first, second), minus in zip((self.columns, self.rows), self.minus):  # noqa: B905 - a tracer reads it
            a, b = first(x), second(x)
            x = torch.relu(a + minus(b)) + b
        return x


def dense(matrix):
    layer = nn.Linear(matrix.shape[1], matrix.shape[0], bias=False)
    layer.weight = nn.Parameter(matrix)
    return layer


def choice(places, size):
    return dense(F.one_hot(places.flatten(), size).float())


def negation(size):
    return dense(-torch.eye(size))


@pytest.mark.parametrize("spec", [Dual(intersect=False), CROWN(intersect=False), LP(layers="ibp", intersect=False)])
def test_pools_are_bounded_like_dense_layers_of_their_differences(spec):
    torch.manual_seed(0)
    before, after = nn.Conv2d(2, 3, 3), nn.Linear(3 * 1 * 2, 3)
    x, y = image(), torch.tensor([0, 1])
    pooled = nn.Sequential(before, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), after)
    spelled = nn.Sequential(before, nn.ReLU(), nn.Flatten(), Differences((3, 3, 5)), after)
    found = [spec.margins(trace(net.double(), SHAPE), x, y, 0.1) for net in (pooled, spelled)]
    if spec.name == "lp":
        assert (found[0] >= found[1] - 1e-9).all(), "intervals of the pool are tighter"
    else:
        assert torch.allclose(*found, atol=1e-10)


def test_the_exact_minimum_behind_a_pool_equals_a_grid():
    torch.manual_seed(5)
    net = nn.Sequential(
        nn.Conv2d(1, 4, (1, 2), padding=(0, 1)), nn.MaxPool2d((1, 2), stride=1), nn.Flatten(), nn.Linear(8, 2)
    ).double()
    graph, x, y, eps = trace(net, (1, 1, 2)), image(1, (1, 1, 2)), torch.tensor([0]), 0.3
    steps = torch.linspace(-eps, eps, 241, dtype=torch.float64)
    points = (x + torch.cartesian_prod(steps, steps).view(-1, 1, 1, 2)).clamp(0, 1)
    seen = clean_margins(graph, points, y.expand(len(points)))[:, 1].min().item()
    exact = MILP().margins(graph, x, y, eps)[0, 1].item()
    assert seen - 0.02 <= exact <= seen
    program = LP(layers="lp").margins(graph, x, y, eps)[0, 1].item()
    ascent = AlphaCROWN().margins(graph, x, y, eps)[0, 1].item()
    crown = CROWN().margins(graph, x, y, eps)[0, 1].item()
    assert exact + 2e-5 >= program >= ascent - 1e-7
    assert ascent >= crown - 1e-12
    assert exact > crown + 1e-3


@pytest.mark.parametrize("axis", [1, 2])
def test_rows_of_a_slice_are_those_of_its_lines(axis):
    torch.manual_seed(0)
    op = Slice((3, 9, 8), axis, start=1, stride=3, count=2)
    value = torch.randn(2, 3, 9, 8)
    lines = op(value)
    assert torch.equal(lines, value[:, :, [1, 4]] if axis == 1 else value[..., [1, 4]])
    image = torch.tensor([0, 1, 1])
    at = Windows(torch.tensor([0, 3, 5]), (2, 3), (1, 1), (0, 0))
    whole = Functionals(image, torch.randn(3, *lines.shape[1:]), tuple(lines.shape[1:]))
    windows = Functionals(image, torch.randn(3, 3, 2, 2), tuple(lines.shape[1:]), at, inside=False).clipped()
    for rows in (whole, windows):
        assert torch.allclose(op.pull(rows).dot(value), rows.dot(lines), atol=1e-5)
        assert torch.equal(op.constant(rows), torch.zeros(3))
    assert op.pull(windows).windows is not None
    assert op.reach((2, 2)) == ((5, 2) if axis == 1 else (2, 5))


def test_the_footprint_of_a_pooled_unit_covers_its_windows():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 3 * 3, 2))
    graph = trace(net, (1, 8, 8))
    differences = [before for _, _, before in graph.activations]
    assert [graph.footprint(node) for node in differences] == [12, 16, 16]
