from math import e

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.losses.divergence import kl_from_logits
from distillab.losses.exponential_divergence import exponential_predictive_divergence

R = torch.tensor([[0.6, 0.4, 0.0, 0.0]], dtype=torch.float64)
P = torch.tensor([[0.7, 0.1, 0.1, 0.1]], dtype=torch.float64)


def distributions(n, k, *, seed=0):
    drawn = torch.rand(n, k, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) ** 4
    return drawn / drawn.sum(1, keepdim=True)


def test_the_printed_value():
    assert exponential_predictive_divergence(P, R).item() == pytest.approx(0.06533553, abs=1e-8)
    assert kl_from_logits(R.log(), P.log()).item() == pytest.approx(0.46202734, abs=1e-8)


def test_the_printed_vertices():
    got = exponential_predictive_divergence(torch.eye(4, dtype=torch.float64), R.expand(4, 4))
    expected = torch.tensor([-0.13211764, 0.19817646, 0.69000116, 0.69000116], dtype=torch.float64)
    torch.testing.assert_close(got, expected, atol=1e-8, rtol=0)


def test_the_printed_gradient():
    z = torch.tensor([[1.0, 0.2, -0.3, 0.0]], dtype=torch.float64, requires_grad=True)
    divergence = exponential_predictive_divergence((z / 6).softmax(1), R)
    divergence.sum().backward()
    assert divergence.item() == pytest.approx(0.33485437, abs=1e-8)
    expected = torch.tensor([[-0.022067, -0.005653, 0.013514, 0.014206]], dtype=torch.float64)
    torch.testing.assert_close(z.grad, expected, atol=1e-6, rtol=0)


def test_the_printed_scale():
    """A flat target on seven of a hundred classes, outputs that know nothing."""
    p, r = torch.full((1, 100), 0.01, dtype=torch.float64), torch.zeros(1, 100, dtype=torch.float64)
    r[:, :7] = 1 / 7
    divergence = exponential_predictive_divergence(p, r).item()
    assert divergence == pytest.approx(0.14281545, abs=1e-8)
    assert 0.035 * 30**2 * divergence == pytest.approx(4.49868653, abs=1e-6)


def test_the_gradient_in_closed_form():
    z = torch.randn(5, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64, requires_grad=True)
    p, r = (z / 3).softmax(1), distributions(5, 6)
    exponential_predictive_divergence(p, r).sum().backward()
    expected = -p / 3 * (r.exp() - (p * r.exp()).sum(1, keepdim=True))
    torch.testing.assert_close(z.grad, expected.detach())


def test_it_is_what_the_release_runs():
    p, r = distributions(9, 7), distributions(9, 7, seed=1)
    release = F.kl_div(p, r, reduction="batchmean", log_target=True)
    torch.testing.assert_close(exponential_predictive_divergence(p, r).mean(), release)


@given(st.integers(0, 10_000), st.integers(2, 12))
@settings(max_examples=30, deadline=None)
def test_what_kind_of_function_it_is(seed, k):
    p, q, r = (distributions(4, k, seed=3 * seed + i) for i in range(3))
    uniform = torch.full_like(r, 1 / k)
    epd = exponential_predictive_divergence
    assert (epd(p, r).abs() <= e - 1 + 1e-12).all()
    zero = torch.zeros(4, dtype=torch.float64)
    torch.testing.assert_close(epd(r, r), zero)
    torch.testing.assert_close(epd(p, uniform), zero)
    torch.testing.assert_close(epd((p + q) / 2, r), (epd(p, r) + epd(q, r)) / 2)
    vertex = F.one_hot(r.argmax(1), k).double()
    assert (epd(vertex, r) <= epd(p, r) + 1e-12).all()
