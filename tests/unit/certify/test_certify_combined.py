"""`best` walks its tiers: which methods see which images, on which bounds, and who is named."""

from typing import ClassVar, Literal

import pytest
import torch
from torch import nn

from distillab.certify import CERTIFIERS, best
from distillab.certify.ball import ball_of
from distillab.certify.best import Best
from distillab.certify.bounds import LayerBounds, unstable_units
from distillab.certify.combined import COMBINED, Tier, tiers
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.layered import LayeredSpec
from distillab.certify.trace import trace
from distillab.core.registry import name_of

ORDER = ["ibp", "dual", "crown", "alpha_crown", "lp"]
EPS = 0.11


class Oracle(LayeredSpec):
    """Certifies every image that it is asked about."""

    name: Literal["oracle"] = "oracle"
    norms: ClassVar = ("linf",)
    label: ClassVar = "oracle"
    asked: ClassVar[list[torch.Tensor]] = []

    def margins(self, graph, x, y, eps):
        raise NotImplementedError

    def on_layers(self, graph, y, ball, bounds):
        self.asked.append(torch.stack([y.to(ball.eps), unstable_units(bounds, ball).to(ball.eps)], dim=1))
        return torch.full((len(y), graph.classes), 9.0).to(ball.x)


@pytest.fixture
def subject(network, images, shape):
    """A network, 17 images and their classes, the first of which is wrong."""
    net, x = network("conv", seed=1), images(17, seed=1)
    y = net(x).argmax(1)
    y[0] = (y[0] + 1) % 4
    return trace(net, shape), x, y


@pytest.fixture
def with_oracle(monkeypatch):
    """Adds the oracle as one more tier, at a place and with limits of the test's choice."""
    Oracle.asked.clear()

    def add(place=5, **limits):
        def longer(**effort):
            every = list(tiers(**effort))
            return (*every[:place], Tier((Oracle(),), **limits), *every[place:])

        monkeypatch.setattr(best, "tiers", longer)

    return add


def test_the_combined_methods_stand_in_the_order_of_their_cost():
    assert [name_of(method) for method in COMBINED] == ORDER
    assert list(CERTIFIERS.names) == [*ORDER, "milp", "best"]
    assert all(issubclass(method, LayeredSpec) for method in COMBINED)


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        (Best(), ORDER[:4]), (Best(alpha_steps=0), ORDER[:3]), (Best(lp_units=1), ORDER),
        (Best(alpha_steps=0, lp_units=9), [*ORDER[:3], "lp"]), (Best(lp_units=9, norm="l2"), ORDER[:4]),
        (IBP(), ["ibp"]), (Dual(norm="l2"), ["dual"]),
    ],
)  # fmt: skip
def test_a_certifier_names_the_methods_that_may_decide(spec, asked):
    assert list(spec.deciders) == asked


def test_one_more_method_is_asked_about_what_is_open_and_is_named(with_oracle, subject):
    graph, x, y = subject
    before = Best().decide(graph, x, y, EPS)
    left = [i for i, name in enumerate(before.by) if name == "undecided"]
    with_oracle()
    found = Best().decide(graph, x, y, EPS)
    assert left[0] == 0
    assert len(left) > 2
    assert [i for i, name in enumerate(found.by) if name == "oracle"] == left[1:]
    assert found.by[0] == "undecided"
    assert Oracle.asked[0][:, 0].tolist() == y[left[1:]].tolist()
    assert (found.margins[left[1:]] == 9).all()
    others = [i for i in range(17) if i not in left[1:]]
    assert torch.equal(found.margins[others], before.margins[others])
    assert Best().deciders == (*ORDER[:4], "oracle")


def test_before_the_others_it_decides_everything_that_is_right(with_oracle, subject):
    graph, x, y = subject
    with_oracle(place=0, sweeps=())
    assert Best().decide(graph, x, y, EPS).by == ("oracle",) * 17
    assert len(Oracle.asked[0]) == 17


def test_a_limit_counts_unstable_units_and_leaves_the_other_images_to_the_next_tier(with_oracle, subject):
    """What is beyond the limit of the oracle goes on to the LP, which tightens its bounds."""
    graph, x, y = subject
    with_oracle(place=4, most_unstable=1000)
    Best(alpha_steps=0).decide(graph, x, y, EPS)
    counts = Oracle.asked[0][:, 1]
    limit = int(counts.median())
    assert counts.min() <= limit < counts.max()
    with_oracle(place=4, most_unstable=limit)
    without, found = (Best(alpha_steps=0, lp_units=units).decide(graph, x, y, EPS) for units in (0, 1000))
    assert Oracle.asked[1][:, 1].tolist() == counts[counts <= limit].tolist()
    assert found.by.count("oracle") == without.by.count("oracle") == int((counts <= limit).sum())
    tighter = (found.margins > without.margins + 1e-6).any(dim=1)
    assert int(tighter.sum()) == int((counts > limit).sum())


@pytest.mark.parametrize(("limits", "norm"), [({"asked": False}, "linf"), ({}, "l2"), ({"most_unstable": -1}, "linf")])
def test_without_effort_norm_or_reach_it_is_not_tried(with_oracle, subject, limits, norm):
    graph, x, y = subject
    with_oracle(**limits)
    assert "oracle" not in Best(norm=norm, alpha_steps=0).decide(graph, x, y, 0.3).by
    assert not Oracle.asked


def test_bounds_of_the_layers_are_those_of_the_last_tier_that_swept(with_oracle, subject):
    """Two sweeps bound tighter than one, and one without intervals looser: fewer or more units are unstable."""
    graph, x, y = subject
    counts = []
    for place in (1, 2, 3):
        with_oracle(place=place)
        Best().decide(graph, x, y, EPS)
        counts.append(Oracle.asked[-1][:, 1])
    ball = ball_of(IBP(), x, EPS)
    layers = (
        LayerBounds(("parallel",)),
        LayerBounds(("parallel",), intersect=False),
        LayerBounds(("parallel", "adaptive")),
    )
    for found, bounded in zip(counts, layers, strict=True):
        known = unstable_units(bounded.of(graph, ball), ball)
        assert set(found.tolist()) <= set(known.tolist())
    assert counts[2].sum() < counts[0].sum() < counts[1].sum()


@pytest.mark.parametrize("spec", CERTIFIERS.members, ids=name_of)
def test_a_network_without_activations_is_bounded_exactly(spec):
    net = nn.Sequential(nn.Linear(2, 2)).double()
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[3.0, 1.0], [1.0, 2.0]]))
        net[0].bias.copy_(torch.tensor([0.5, 0.0]))
    more = {"lp_units": 5} if spec is Best else {}
    x, y = torch.tensor([[0.5, 0.75]], dtype=torch.float64), torch.tensor([0])
    found = spec(**more).margins(trace(net, (2,)), x, y, 0.25)
    assert found.tolist() == [pytest.approx([0.0, 0.75 - 0.25 * 3], abs=1e-5)]
