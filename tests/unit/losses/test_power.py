import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.losses.power import log_power_transform, power_transform

TV1 = {
    0.0: (0.333333, 0.333333, 0.333333),
    0.25: (0.426276, 0.311655, 0.262069),
    0.5: (0.522879, 0.279491, 0.197630),
    1.0: (0.7, 0.2, 0.1),
    2.0: (0.907407, 0.074074, 0.018519),
    4.0: (0.992969, 0.006617, 0.000414),
}
DTYPES = {torch.float32: 1e-5, torch.float64: 1e-10}


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@st.composite
def sparse_log_probs(draw):
    """Rows with some exact zeros, at least one positive entry, and ties."""
    n, k = draw(st.integers(1, 8)), draw(st.integers(2, 50))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    weights = torch.rand(n, k, generator=generator, dtype=torch.float64).clamp_min(1e-6)
    weights[torch.rand(n, k, generator=generator) < draw(st.sampled_from([0.0, 0.5, 0.95]))] = 0.0
    weights[:, 0] += 1e-3
    dtype = draw(st.sampled_from(list(DTYPES)))
    return (weights / weights.sum(dim=1, keepdim=True)).log().to(dtype)


POWERS = st.floats(0.01, 8.0)


@pytest.mark.parametrize(("power", "expected"), TV1.items())
def test_printed_values_of_the_power_transform(power, expected):
    log_probs = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64).log()
    torch.testing.assert_close(
        power_transform(log_probs, power), torch.tensor([expected], dtype=torch.float64), atol=1e-6, rtol=0
    )


def test_a_temperature_is_the_inverse_power():
    logits = torch.tensor([[2.0, 1.0, -1.0]])
    torch.testing.assert_close(
        power_transform(logits, 1.0), torch.tensor([[0.705385, 0.259496, 0.035119]]), atol=1e-6, rtol=0
    )
    expected = torch.tensor([[0.444214, 0.345954, 0.209832]])
    for row in (logits, logits.log_softmax(dim=1)):
        torch.testing.assert_close(power_transform(row, 0.25), expected, atol=1e-6, rtol=0)
    wide = torch.linspace(-50, 50, 30)[None]
    torch.testing.assert_close(power_transform(wide, 0.37), (wide * 0.37).softmax(dim=1), atol=1e-6, rtol=0)


def test_many_powers_broadcast_in_one_call():
    log_probs = normal(5, 4).log_softmax(dim=1)
    powers = torch.tensor([0.25, 1.0, 3.0])
    together = power_transform(log_probs, powers[:, None, None])
    one_by_one = torch.stack([power_transform(log_probs, float(power)) for power in powers])
    torch.testing.assert_close(together, one_by_one)


@settings(deadline=None)
@given(sparse_log_probs(), POWERS)
def test_outputs_are_distributions_and_zeros_stay_zeros(log_probs, power):
    transformed = power_transform(log_probs, power)
    tolerance = DTYPES[log_probs.dtype]
    assert torch.isfinite(transformed).all()
    assert (transformed[log_probs.isneginf()] == 0).all()
    torch.testing.assert_close(transformed.sum(dim=1), torch.ones_like(transformed[:, 0]), atol=tolerance, rtol=0)


@settings(deadline=None)
@given(sparse_log_probs(), POWERS, st.randoms(use_true_random=False))
def test_classes_may_be_permuted_and_rows_shifted(log_probs, power, random):
    order = list(range(log_probs.shape[1]))
    random.shuffle(order)
    transformed, tolerance = power_transform(log_probs, power), DTYPES[log_probs.dtype]
    torch.testing.assert_close(
        power_transform(log_probs[:, order], power), transformed[:, order], atol=tolerance, rtol=0
    )
    torch.testing.assert_close(power_transform(log_probs + 3.0, power), transformed, atol=tolerance, rtol=tolerance)


@settings(deadline=None)
@given(sparse_log_probs(), st.floats(0.1, 3.0), st.floats(0.1, 3.0))
def test_powers_multiply_when_composed(log_probs, first, second):
    log_probs = log_probs.double()
    twice = power_transform(log_power_transform(log_probs, first), second)
    torch.testing.assert_close(twice, power_transform(log_probs, first * second), atol=1e-10, rtol=0)


@settings(deadline=None)
@given(sparse_log_probs(), st.floats(0.05, 4.0))
def test_a_higher_power_keeps_the_ranking_and_lowers_the_entropy(log_probs, power):
    log_probs = log_probs.double()
    low, high = power_transform(log_probs, power), power_transform(log_probs, 1.5 * power)
    order = log_probs.argsort(dim=1)
    assert (low.gather(1, order).diff(dim=1) >= -1e-12).all()
    entropies = [torch.special.entr(q).sum(dim=1) for q in (low, high)]
    assert (entropies[1] <= entropies[0] + 1e-10).all()


def test_gradients_stay_finite_beside_zeros_one_hots_and_huge_logits():
    rows = [[0.0, -torch.inf, -torch.inf], [-0.7, -0.7, -torch.inf], [1e4, -1e4, 0.0], [0.0, 0.0, 0.0]]
    log_probs = torch.tensor(rows, requires_grad=True)
    power = torch.tensor(0.5, requires_grad=True)
    power_transform(log_probs, power)[:, 0].sum().backward()
    assert torch.isfinite(log_probs.grad).all()
    assert torch.isfinite(power.grad)


def test_power_zero_is_uniform_on_the_support():
    log_probs = torch.tensor([[0.9, 0.1, 0.0, 0.0]]).log()
    torch.testing.assert_close(power_transform(log_probs, 0.0), torch.tensor([[0.5, 0.5, 0.0, 0.0]]))


def test_gradient_agrees_with_finite_differences():
    log_probs = normal(3, 4).double().log_softmax(dim=1).requires_grad_()
    power = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(log_power_transform, (log_probs, power))
