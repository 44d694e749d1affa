import pytest
import torch
from torch import nn

from distillab.certify import CERTIFIERS, ESTIMATORS
from distillab.certify.ball import ball_of
from distillab.certify.dual import Dual
from distillab.certify.projections import Projections
from distillab.certify.trace import trace
from distillab.core.errors import SpecError
from distillab.specs.certifier import CertifierSpec


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_many_directions_converge_to_the_exact_dual(norm):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    graph, x, y = trace(net, (6,)), torch.rand(1, 6, dtype=torch.float64), torch.tensor([0])
    exact = Dual(norm=norm, intersect=False).margins(graph, x, y, 0.3)[0, 1]
    spec = Projections(norm=norm, directions=20_001)
    rough = estimate_forced(spec, graph, x, y, seed=0)
    assert rough[0, 1].item() == pytest.approx(exact.item(), rel=0.05)
    assert rough[0, 1] != exact


def estimate_forced(spec, graph, x, y, seed):
    """The estimate with every term projected, also those that are cheaper exactly."""
    from distillab.certify import projections
    from distillab.core.generators import generator

    class Always(projections._Forward):
        def _new_term(self, weights, *, euclidean):
            self.terms.append(projections._Term(False, euclidean))
            size = (self.directions, *weights.shape[1:])
            random = torch.randn(*size, generator=self.random) if euclidean else cauchy(size, self.random)
            return weights[:, None] * random.to(weights)

    return Always(graph, ball_of(spec, x, 0.3), spec.directions, generator(seed, "projections")).margins(y)


def cauchy(size, random):
    return torch.empty(*size).cauchy_(generator=random)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("name", ["dense", "conv", "residual"])
def test_small_terms_are_summed_exactly(network, images, shape, name, norm):
    graph, x, y = trace(network(name), shape), images(2), torch.tensor([0, 1])
    exact = Dual(norm=norm, intersect=False).margins(graph, x, y, 0.03)
    found = Projections(norm=norm, directions=1001).estimates(graph, x, y, 0.03, seed=0)
    assert torch.allclose(found, exact, atol=1e-9)


def test_half_of_the_estimates_beat_the_exact_bound():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(60, 80), nn.ReLU(), nn.Linear(80, 80), nn.ReLU(), nn.Linear(80, 2)).double()
    graph, x, y = trace(net, (60,)), torch.rand(1, 60, dtype=torch.float64), torch.tensor([0])
    exact = Dual(intersect=False).margins(graph, x, y, 0.05)[0, 1]
    spec = Projections(directions=21)
    draws = torch.stack([spec.estimates(graph, x, y, 0.05, seed=seed)[0, 1] for seed in range(60)])
    assert 0.2 < (draws > exact).double().mean() < 0.8


def test_the_seed_decides(network, images, shape):
    graph, x, y = trace(network("conv"), shape), images(2), torch.tensor([0, 1])
    first, again, other = (Projections(directions=5).estimates(graph, x, y, 0.03, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_estimates_cannot_pass_for_certificates():
    assert all(issubclass(spec, CertifierSpec) and spec.sound for spec in CERTIFIERS)
    for spec in ESTIMATORS:
        assert not spec.sound
        assert not issubclass(spec, CertifierSpec)
        assert not hasattr(spec, "margins")


def test_even_numbers_of_directions_are_refused(network, images, shape):
    with pytest.raises(SpecError, match="even number of directions"):
        Projections(directions=50).estimates(trace(network("conv"), shape), images(1), torch.tensor([0]), 0.1, seed=0)
