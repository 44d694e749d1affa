"""The bounds of the papers' tables, worked out by hand on a network of three ReLUs; and what `best` makes of them."""

import itertools

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from distillab.certify.best import Best
from distillab.certify.crown import CROWN
from distillab.certify.decision import certified
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.trace import trace

X, EPS = torch.tensor([[0.5, 0.5]], dtype=torch.float64), 0.75


def three_relus():
    """a = relu(x1 + x2 - 1), b = relu(x1 - x2), c = relu(a + b - 1/4); the logits are c + 1 and 0."""
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 2)).double()
    values = ([[1, 1], [1, -1]], [-1, 0]), ([[1, 1]], [-0.25]), ([[1], [0]], [1, 0])
    with torch.no_grad():
        for layer, (weight, bias) in zip(net[::2], values, strict=True):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    return trace(net, (2,))


def margin(spec, y):
    return spec.margins(three_relus(), X, torch.tensor([y]), EPS)[0, 1 - y].item()


@pytest.mark.parametrize(
    ("spec", "of_first", "of_second"),
    [
        ({"as_published": "wong-kolter"}, 1 / 3, -3),
        ({"as_published": "scaling"}, 17 / 32, -9 / 4),
        ({"as_published": "scaling", "input_box": False}, 1 / 3, -3),
        ({"input_box": False}, 1 / 9, -3),
        ({}, 3 / 8, -9 / 4),
    ],
    ids=["wong-kolter", "scaling", "scaling without a box", "intersected", "intersected in a box"],
)
def test_the_published_bounds_by_hand(spec, of_first, of_second):
    """Without a box, x1 and x2 are in [-1/4, 5/4], and a and b see [-3/2, 3/2]: their chords have slope 1/2.

    One sweep back from a + b - 1/4: below by (x1 + x2 - 1)/2 + (x1 - x2)/2 - 1/4 = x1 - 3/4, which is -1 at worst;
    above by x1 - 3/4 + 3/2, which is 2. So c has the slope 2/3: c + 1 >= 1 - 2/3, and -1 - c >= -1 - 2/3 (2 + 1).
    In the box x1 and x2 are in [0, 1], a and b see [-1, 1], c sees [-3/4, 5/4] and has the slope 5/8.
    Intervals know that a + b - 1/4 >= -1/4. Intersected, c sees [-1/4, 2] or [-1/4, 5/4], and has the slope 8/9 or 5/6:
    a tighter layer and a looser margin.
    """
    assert margin(Dual(**spec), 0) == pytest.approx(of_first, abs=1e-12)
    assert margin(Dual(**spec), 1) == pytest.approx(of_second, abs=1e-12)


def test_no_point_of_the_ball_is_below_the_bound():
    """The network is linear between the lines on which a ReLU turns; a grid that meets them finds its least margins."""
    steps = torch.linspace(-0.25, 1.25, 13, dtype=torch.float64)
    points = torch.tensor(list(itertools.product(steps.tolist(), repeat=2)), dtype=torch.float64)
    least = three_relus()(points)[:, 0].min().item()
    assert least == pytest.approx(1)
    assert margin(Dual(as_published="wong-kolter"), 0) <= least


@pytest.fixture
def only_published():
    """A network, found among two thousand drawn ones, that no bound of `best` certifies but the published one."""
    torch.manual_seed(513)
    layers = [nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 10), nn.ReLU(), nn.Linear(10, 2)]
    x = torch.rand(1, 4, generator=torch.Generator().manual_seed(513), dtype=torch.float64)
    net = nn.Sequential(*layers).double()
    with torch.no_grad():
        net[-1].bias[0] += 0.0945
    return trace(net, (4,)), x, torch.tensor([0])


def test_best_takes_the_bound_without_intersection_where_it_is_larger(only_published):
    own = Dual(intersect=False).margins(*only_published, EPS)
    others = [spec.margins(*only_published, EPS)[0, 1] for spec in (Dual(), CROWN(), IBP())]
    found = Best(alpha_steps=0).decide(*only_published, EPS)
    assert max(others) < 0 < own[0, 1]
    assert found.by == ("dual",)
    assert torch.equal(found.margins, own)


def test_best_is_at_least_the_published_bound_where_it_is_open(only_published):
    graph = only_published[0]
    images = torch.rand(200, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    y = graph(images).argmax(dim=1)
    found = Best(alpha_steps=0).decide(graph, images, y, EPS)
    own = Dual(as_published="scaling").margins(graph, images, y, EPS)
    open_ = torch.tensor([name == "undecided" for name in found.by])
    assert open_.any()
    assert (found.margins >= own - 1e-9)[open_].all()
    assert not certified(own, y, graph(images).abs().amax(dim=1))[open_].any()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"as_published": "wong-kolter", "intersect": True},
            "intersect: expected false with as_published: wong",
        ),
        (
            {"as_published": "wong-kolter", "input_box": True},
            "input_box: expected false with as_published: wong",
        ),
        (
            {"as_published": "scaling", "intersect": True},
            "intersect: expected false with as_published: scaling; got",
        ),
        ({"as_published": "madry"}, "Input should be 'wong-kolter' or 'scaling'"),
        ({"as_published": ["scaling"]}, "Input should be 'wong-kolter' or 'scaling'"),
    ],
)
def test_what_contradicts_a_published_bound_is_refused(fields, says):
    with pytest.raises(ValidationError, match=says):
        Dual(**fields)


def test_a_published_bound_has_the_identity_of_its_fields():
    spec = Dual(as_published="wong-kolter")
    assert spec.identity() == Dual(input_box=False, intersect=False).identity()
    assert Dual.model_validate(spec.plain()) == spec
    assert spec.display_name == "WK dual of Wong & Kolter 2018"
    assert Dual().display_name == "WK dual"
