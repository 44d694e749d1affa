"""The regularizer of CMIM: printed vectors, closed forms, invariances, bias, and extremes."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.losses.conditional_mutual_information import (
    LOWEST,
    class_divergences,
    conditional_mutual_information,
    log_centroids,
    soft_maximum,
)
from distillab.losses.power import power_transform
from distillab.metrics.concentration import concentration

TV4 = torch.tensor([0.01, 0.05, 0.12, 0.09, 0.02])
TV7_LOGITS = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
TV7_LABELS = torch.tensor([0, 0, 1, 1])
TV7_POWERS = torch.tensor([0.5, 1.0, 2.0])
dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def by_class(logits, y, classes):
    """Each class's logits in slots, as many as the largest class has, and how many are filled."""
    counts = y.bincount(minlength=classes)
    slots = torch.zeros(classes, int(counts.max()), logits.shape[1], dtype=logits.dtype)
    for label in range(classes):
        slots[label, : counts[label]] = logits[y == label]
    return slots, counts


def own_centroids(logits, y, powers, classes=None):
    slots, counts = by_class(logits.detach(), y, classes or int(y.max()) + 1)
    return log_centroids(slots, powers, counts)


@st.composite
def problems(draw):
    """Logits, labels, centroids that have nothing to do with them, and powers."""
    n, k, a = draw(st.integers(1, 16)), draw(st.integers(2, 12)), draw(st.integers(1, 6))
    stream = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    logits = torch.randn(n, k, generator=stream, dtype=torch.float64) * draw(st.sampled_from([0.1, 1.0, 30.0]))
    y = torch.randint(k, (n,), generator=stream)
    log_q = torch.randn(k, a, k, generator=stream, dtype=torch.float64).log_softmax(-1)
    return logits, y, log_q, 8 * torch.rand(a, generator=stream, dtype=torch.float64)


OMEGAS = st.floats(1e-6, 1e4)


# The soft maximum


@dtypes
@pytest.mark.parametrize(
    ("omega", "value"), [(1, 0.05887132), (5, 0.06240366), (25, 0.07895920), (100, 0.10440077), (1000, 0.11839056)]
)
def test_printed_values_of_the_soft_maximum(omega, value, dtype):
    assert soft_maximum(TV4.to(dtype), omega=omega).item() == pytest.approx(value, abs=1e-7)


@dtypes
def test_its_limits_are_the_mean_and_the_maximum(dtype):
    assert soft_maximum(TV4.to(dtype), omega=1e-7).item() == pytest.approx(0.058, abs=1e-6)
    assert soft_maximum(TV4.to(dtype), omega=1e7).item() == pytest.approx(0.12, abs=1e-6)


def test_it_is_stable_where_exponentials_overflow():
    values = torch.tensor([0.5, 3.0])
    assert (40 * values).exp().mean().log().isinf()
    assert soft_maximum(values, omega=40).item() == pytest.approx(2.982671, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=30), OMEGAS, OMEGAS)
def test_it_lies_between_its_bounds_and_rises_with_omega(values, first, second):
    values = torch.tensor(values, dtype=torch.float64)
    low, high = sorted((first, second))
    soft, sharp = soft_maximum(values, omega=low), soft_maximum(values, omega=high)
    assert soft <= sharp + 1e-9
    for value, omega in ((soft, low), (sharp, high)):
        assert values.mean() - 1e-9 <= value <= values.max() + 1e-9
        assert value >= values.max() - math.log(len(values)) / omega - 1e-9


@settings(deadline=None, max_examples=40)
@given(OMEGAS)
def test_its_gradient_is_the_softmax_of_the_values(omega):
    values = normal(3, 5).requires_grad_()
    soft_maximum(values, omega=omega).sum().backward()
    torch.testing.assert_close(values.grad, (omega * values.detach()).softmax(-1))


def test_ties_share_the_gradient():
    values = torch.ones(4, requires_grad=True)
    soft_maximum(values, omega=25).backward()
    torch.testing.assert_close(values.grad, torch.full((4,), 0.25))


# Centroids


@dtypes
def test_a_centroid_is_the_mean_of_transformed_outputs(dtype):
    log_probs, powers = normal(3, 5, 4, dtype=dtype).log_softmax(-1), torch.tensor([0.0, 0.3, 1.0, 4.0], dtype=dtype)
    expected = torch.stack([power_transform(log_probs, power).mean(1) for power in powers], dim=1)
    torch.testing.assert_close(log_centroids(log_probs, powers).exp(), expected)


def test_only_filled_slots_count():
    log_probs, powers = normal(2, 5, 3).log_softmax(-1), torch.tensor([0.5, 2.0], dtype=torch.float64)
    counts = torch.tensor([2, 0])
    got = log_centroids(log_probs, powers, counts)
    torch.testing.assert_close(got[:1], log_centroids(log_probs[:1, :2], powers))
    assert (got[1] == LOWEST).all()


def test_outputs_that_underflow_keep_their_logarithms():
    logits = torch.tensor([[[0.0, -200.0, -2e4]]])
    got = log_centroids(logits, torch.tensor([1.0, 0.5]))
    torch.testing.assert_close(got, torch.tensor([[[0.0, -200.0, LOWEST], [0.0, -100.0, LOWEST]]]))


@pytest.mark.parametrize("chunk", [1, 50])
def test_chunks_of_powers_change_nothing(monkeypatch, chunk):
    log_probs, powers = normal(2, 3, 4).log_softmax(-1), torch.linspace(0, 2, 7, dtype=torch.float64)
    whole = log_centroids(log_probs, powers)
    monkeypatch.setattr(f"{log_centroids.__module__}.CHUNK", chunk)
    assert torch.equal(log_centroids(log_probs, powers), whole)


# The divergence of a class


@pytest.mark.parametrize(
    ("power", "value", "gradient"),
    [
        (0.25, 0.02659005, (-0.026974, 0.009320, 0.017653)),
        (1.0, 0.02142095, (0.036944, 0.025997, -0.062941)),
        (2.0, 0.14401810, (0.282319, -0.150019, -0.132300)),
    ],
)
def test_printed_divergences_and_gradients(power, value, gradient):
    logits = torch.tensor([[1.0, 0.5, -0.5]], requires_grad=True)
    log_q = torch.tensor([[[0.5, 0.3, 0.2]]]).log()
    got = class_divergences(logits, torch.tensor([0]), log_q, torch.tensor([power]))
    got.sum().backward()
    assert got.item() == pytest.approx(value, abs=1e-6)
    torch.testing.assert_close(logits.grad, torch.tensor([gradient]), atol=1e-6, rtol=0)


def test_about_the_own_centroid_it_is_the_conditional_mutual_information():
    logits, y, powers = normal(40, 6) * 3, torch.arange(40) % 5, torch.tensor([0.25, 1.0, 3.0], dtype=torch.float64)
    got = class_divergences(logits, y, own_centroids(logits, y, powers), powers)
    curves = concentration(logits.log_softmax(1).numpy(), y.numpy(), powers.numpy())
    torch.testing.assert_close(got, torch.from_numpy(curves.per_class[:5]), atol=1e-9, rtol=1e-6)


@settings(deadline=None, max_examples=40)
@given(problems())
def test_any_other_centroid_costs_its_divergence_from_the_own_one(problem):
    logits, y, log_q, powers = problem
    log_s = own_centroids(logits, y, powers, len(log_q))
    got = class_divergences(logits, y, log_q, powers)
    gap = (log_s.exp() * (log_s - log_q)).sum(-1)
    present = y.unique()
    torch.testing.assert_close(
        got[present], (class_divergences(logits, y, log_s, powers) + gap)[present], atol=1e-8, rtol=1e-8
    )


def test_a_centroid_that_moves_with_its_samples_has_the_same_gradient_as_one_that_does_not():
    logits, powers, rows = normal(5, 4).requires_grad_(), torch.tensor([0.3, 1.0, 2.0]).double(), torch.zeros(5).long()
    gradients = []
    for log_q in (log_centroids(logits[None], powers), log_centroids(logits.detach()[None], powers)):
        total = class_divergences(logits, rows, log_q, powers).sum()
        gradients.append(torch.autograd.grad(total, logits)[0])
    torch.testing.assert_close(*gradients, atol=1e-14, rtol=0)


BIAS = {1: (0.0, 2.32), 2: (0.476, 1.61), 4: (0.733, 1.28), 8: (0.865, 1.149), 20: (0.946, 1.052)}


@pytest.mark.parametrize(("size", "same", "held_out"), [(n, *ratios) for n, ratios in BIAS.items()], ids=BIAS)
def test_the_bias_of_an_estimated_centroid(size, same, held_out):
    """Dirichlet(8, 1, 1, 1): ratios to the true value for centroids of the same and of other samples."""
    stream, clusters = torch.Generator().manual_seed(size), 200_000 // size

    def outputs():
        exponentials = -torch.rand(11, clusters * size, generator=stream).clamp_min(1e-12).log()
        shares = torch.stack([exponentials[:8].sum(0), *exponentials[8:]], dim=1)
        return (shares / shares.sum(1, keepdim=True)).log()

    first, second, power = outputs(), outputs(), torch.ones(1)
    rows = torch.arange(clusters).repeat_interleave(size)
    for others, ratio in ((first, same), (second, held_out)):
        log_q = log_centroids(others.unflatten(0, (clusters, size)), power)
        got = class_divergences(first, rows, log_q, power).mean().item() / 0.11520
        assert got == pytest.approx(ratio, rel=0.03, abs=1e-4)


# The whole regularizer


def tv7(omega=25.0, logits=TV7_LOGITS):
    log_q = own_centroids(logits, TV7_LABELS, TV7_POWERS)
    return 0.5 * conditional_mutual_information(logits, TV7_LABELS, log_q, TV7_POWERS, omega=omega)


def test_the_printed_divergences_of_the_whole_loss():
    log_q = own_centroids(TV7_LOGITS, TV7_LABELS, TV7_POWERS)
    expected = torch.tensor([[0.013310, 0.046234, 0.085695], [0.022510, 0.080668, 0.181201]])
    got = class_divergences(TV7_LOGITS, TV7_LABELS, log_q, TV7_POWERS)
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("omega", "value"),
    [(1e-6, 0.03580153), (1, 0.03645158), (25, 0.04999976), (200, 0.06397791), (1e4, 0.06666904), (1e8, 0.06672397)],
)
def test_the_printed_regularizer(omega, value):
    assert tv7(omega).mean().item() == pytest.approx(value, abs=1e-7)


def test_the_printed_gradient_of_the_whole_loss():
    logits = TV7_LOGITS.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(logits, TV7_LABELS) + tv7(logits=logits).mean()
    loss.backward()
    assert loss.item() == pytest.approx(0.55533826, abs=1e-6)
    expected = [
        [-0.039663, 0.017892, 0.021771],
        [-0.157181, 0.102760, 0.054421],
        [0.022080, -0.036212, 0.014132],
        [0.043464, -0.205988, 0.162524],
    ]
    torch.testing.assert_close(logits.grad, torch.tensor(expected), atol=1e-6, rtol=0)


@settings(deadline=None, max_examples=40)
@given(problems(), OMEGAS)
def test_the_gradient_in_closed_form(problem, omega):
    logits, y, log_q, powers = problem
    logits.requires_grad_()
    conditional_mutual_information(logits, y, log_q, powers, omega=omega).mean().backward()
    weights = (omega * class_divergences(logits.detach(), y, log_q, powers)).softmax(-1)[y]
    log_p = (powers[:, None] * logits.detach()[:, None]).log_softmax(-1)
    gaps = log_p - log_q[y]
    divergence = (log_p.exp() * gaps).sum(-1, keepdim=True)
    closed = ((weights * powers)[..., None] * log_p.exp() * (gaps - divergence)).sum(1) / len(y)
    torch.testing.assert_close(logits.grad, closed, atol=1e-8, rtol=1e-6)


@settings(deadline=None, max_examples=40)
@given(problems(), OMEGAS)
def test_it_weighs_classes_by_their_frequency_and_is_never_negative(problem, omega):
    logits, y, log_q, powers = problem
    got = conditional_mutual_information(logits, y, log_q, powers, omega=omega)
    assert got.shape == y.shape
    assert (got >= -1e-9).all()
    per_class = soft_maximum(class_divergences(logits, y, log_q, powers), omega=omega)
    shares = y.bincount(minlength=len(log_q)).double() / len(y)
    torch.testing.assert_close(got.mean(), (shares * per_class).sum(), atol=1e-9, rtol=1e-9)


@settings(deadline=None, max_examples=40)
@given(problems(), st.randoms(use_true_random=False))
def test_classes_and_samples_may_be_permuted_and_logits_shifted(problem, random):
    logits, y, log_q, powers = problem
    k, n = len(log_q), len(y)
    classes, samples = (torch.tensor(random.sample(range(size), size)) for size in (k, n))
    usual = conditional_mutual_information(logits, y, log_q, powers, omega=25)
    moved = conditional_mutual_information(
        logits[samples][:, classes] + torch.arange(n)[:, None],
        classes.argsort()[y[samples]],
        log_q[classes][..., classes],
        powers,
        omega=25,
    )
    torch.testing.assert_close(moved, usual[samples], atol=1e-9, rtol=1e-9)


def test_alike_outputs_about_their_centroid_cost_nothing_and_have_no_gradient():
    logits = normal(1, 4).repeat(6, 1).requires_grad_()
    rows, powers = torch.zeros(6).long(), torch.tensor([0.5, 1.0, 2.0]).double()
    got = conditional_mutual_information(logits, rows, own_centroids(logits, rows, powers), powers, omega=25)
    got.sum().backward()
    torch.testing.assert_close(got, torch.zeros_like(got))
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits))


@pytest.mark.parametrize("omega", [1e-3, 1.0, 1e4])
def test_a_single_power_leaves_omega_without_a_say(omega):
    logits, y, power = normal(9, 3), torch.arange(9) % 3, torch.tensor([0.7]).double()
    log_q = normal(3, 1, 3, seed=1).log_softmax(-1)
    got = conditional_mutual_information(logits, y, log_q, power, omega=omega)
    torch.testing.assert_close(got, class_divergences(logits, y, log_q, power)[y, 0])


def test_a_class_that_is_absent_from_the_batch_costs_nothing():
    logits, y, powers = normal(4, 3), torch.tensor([0, 0, 2, 2]), torch.tensor([0.5, 1.0]).double()
    log_q = normal(3, 2, 3, seed=1).log_softmax(-1)
    assert (class_divergences(logits, y, log_q, powers)[1] == 0).all()
    without = conditional_mutual_information(logits, y // 2, log_q[[0, 2]], powers, omega=25)
    torch.testing.assert_close(conditional_mutual_information(logits, y, log_q, powers, omega=25), without)


EXTREMES = {
    "one-hot and wrong": 1e4 * torch.eye(4)[[1, 2, 3, 0]],
    "opposite": torch.tensor([[1e4, -1e4, 0.0, 0.0], [-1e4, 1e4, 0.0, 0.0]]),
    "two classes": torch.tensor([[1e4, -1e4], [-1e4, 1e4], [0.0, 0.0]]),
    "one image": torch.tensor([[1e4, 0.0, 1.0]]),
    "uniform": torch.zeros(3, 4),
}


@pytest.mark.parametrize("omega", [1.0, 25.0, 200.0, 1e4])
@pytest.mark.parametrize("own", [True, False], ids=["own centroids", "others"])
@pytest.mark.parametrize("logits", EXTREMES.values(), ids=EXTREMES)
def test_extremes_stay_finite(logits, own, omega):
    logits = logits.clone().requires_grad_()
    y, powers = torch.zeros(len(logits)).long(), torch.linspace(0, 2, 25)
    source = logits.detach() if own else logits.detach().flip(1)
    log_q = log_centroids(source[None], powers)
    got = conditional_mutual_information(logits, y, log_q, powers, omega=omega)
    got.sum().backward()
    assert got.isfinite().all()
    assert logits.grad.isfinite().all()
