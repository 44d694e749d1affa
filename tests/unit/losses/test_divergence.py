import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.losses.cross_entropy import soft_cross_entropy
from distillab.losses.divergence import kd_divergence, kl_from_logits
from distillab.losses.power import log_power_transform

STUDENT = torch.tensor([[0.5, 0.0, -0.5]], dtype=torch.float64)
TEACHER = torch.tensor([[2.0, 1.0, -1.0]], dtype=torch.float64)


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def wide(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def cross_entropy_of(p_logits, q_logits):
    return soft_cross_entropy(q_logits, p_logits.softmax(dim=1))


@pytest.mark.parametrize(
    ("power", "value", "gradient"),
    [
        (0.25, 0.02659005, (-0.026974, 0.009320, 0.017653)),
        (1.0, 0.02142095, (0.036944, 0.025997, -0.062941)),
        (2.0, 0.14401810, (0.282319, -0.150019, -0.132300)),
    ],
)
def test_printed_divergence_from_a_fixed_distribution_and_its_gradient(power, value, gradient):
    logits = wide([1.0, 0.5, -0.5]).requires_grad_()
    divergence = kl_from_logits(power * logits, wide([0.5, 0.3, 0.2]).log())
    divergence.backward()
    torch.testing.assert_close(divergence, wide(value), atol=1e-8, rtol=0)
    torch.testing.assert_close(logits.grad, wide(gradient), atol=1e-6, rtol=0)


def test_printed_distillation_term():
    divergence = kd_divergence(TEACHER, STUDENT, temperature=4.0)
    torch.testing.assert_close(divergence, wide(0.30727633), atol=1e-8, rtol=0)
    torch.testing.assert_close(divergence / 16, wide(0.01920477), atol=1e-8, rtol=0)


def test_log_probabilities_serve_as_teacher_logits():
    from_logits = kd_divergence(TEACHER, STUDENT, temperature=4.0)
    from_probs = kd_divergence(TEACHER.log_softmax(dim=1), STUDENT, temperature=4.0)
    torch.testing.assert_close(from_logits, from_probs)
    assert kd_divergence(STUDENT, STUDENT, temperature=4.0).abs().item() < 1e-15


def test_distillation_gradient_is_the_softened_difference_times_the_temperature():
    student = STUDENT.clone().requires_grad_()
    kd_divergence(TEACHER, student, temperature=4.0).backward()
    expected = 4.0 * ((STUDENT / 4).softmax(dim=1) - (TEACHER / 4).softmax(dim=1))
    torch.testing.assert_close(student.grad, expected)


def test_the_first_argument_averages():
    p, q = wide([0.7, 0.2, 0.1]), wide([0.1, 0.3, 0.6])
    forward = (p * (p / q).log()).sum(dim=1)
    torch.testing.assert_close(kl_from_logits(p.log(), q.log()), forward)
    assert not torch.allclose(kl_from_logits(q.log(), p.log()), forward)


def test_zero_probabilities_of_the_first_argument_cost_nothing():
    p = wide([0.6, 0.4, 0.0]).log()
    q = wide([0.5, 0.2, 0.3]).log()
    expected = wide(0.6).log() * 0.6 + wide(0.4).log() * 0.4 - 0.6 * wide(0.5).log() - 0.4 * wide(0.2).log()
    torch.testing.assert_close(kl_from_logits(p, q), expected)
    torch.testing.assert_close(kl_from_logits(p, p), wide(0.0))
    assert kl_from_logits(q, p).isposinf().all()


def test_one_hot_targets_reduce_to_cross_entropy():
    logits, labels = normal(6, 5), torch.tensor([0, 1, 2, 3, 4, 0])
    one_hot = F.one_hot(labels, 5).double().log()
    expected = F.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(cross_entropy_of(one_hot, logits), expected)
    torch.testing.assert_close(kd_divergence(one_hot, logits, temperature=1.0), expected)


def test_cross_entropy_is_entropy_plus_divergence():
    p, q = normal(2, 6, 5)
    entropy = torch.special.entr(p.softmax(dim=1)).sum(dim=1)
    torch.testing.assert_close(cross_entropy_of(p, q), entropy + kl_from_logits(p, q))


def test_divergence_from_any_distribution_decomposes_at_the_centroid():
    cluster, other = normal(10, 4).split([9, 1])
    centroid = cluster.softmax(dim=1).mean(dim=0).log()
    scatter = kl_from_logits(cluster, centroid.expand(9, 4)).mean()
    whole = kl_from_logits(cluster, other.expand(9, 4)).mean()
    torch.testing.assert_close(whole, scatter + kl_from_logits(centroid, other[0]))


def test_detaching_the_centroid_of_the_same_rows_changes_no_gradient():
    gradients = []
    start = normal(7, 4)
    for detach in (True, False):
        cluster = start.clone().requires_grad_()
        centroid = cluster.softmax(dim=1).mean(dim=0).log()
        kl_from_logits(cluster, (centroid.detach() if detach else centroid).expand(7, 4)).mean().backward()
        gradients.append(cluster.grad)
    torch.testing.assert_close(*gradients, atol=1e-16, rtol=0)


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 16), st.integers(2, 20), st.sampled_from([torch.float32, torch.float64]))
def test_divergence_is_non_negative_and_invariant_to_shifts_and_permutations(seed, n, k, dtype):
    generator = torch.Generator().manual_seed(seed)
    p, q = 3 * torch.randn(2, n, k, generator=generator, dtype=dtype)
    order = torch.randperm(k, generator=generator)
    value = kl_from_logits(p, q)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    assert value.shape == (n,)
    assert (value >= -tolerance).all()
    torch.testing.assert_close(kl_from_logits(p[:, order], q[:, order]), value, atol=tolerance, rtol=tolerance)
    torch.testing.assert_close(kl_from_logits(p + 2, q - 5), value, atol=10 * tolerance, rtol=10 * tolerance)


@pytest.mark.parametrize("loss", [kl_from_logits, cross_entropy_of])
def test_gradients_stay_finite_for_huge_logits_and_exact_zeros(loss):
    rows = [[1e4, -1e4, 0.0], [0.0, -torch.inf, -torch.inf], [-1.0, -1.0, -torch.inf], [0.0, 0.0, 0.0]]
    p = torch.tensor(rows, requires_grad=True)
    q = torch.tensor([[-1e4, 1e4, 0.0], [1e4, 0.0, -1e4], [0.0, 1e4, 1e4], [1e4, -1e4, 1e4]], requires_grad=True)
    value = loss(p, q)
    value.sum().backward()
    for tensor in (value, p.grad, q.grad):
        assert torch.isfinite(tensor).all()


def test_shared_zeros_leave_value_and_gradients_finite():
    p = torch.tensor([[0.5, 0.5, 0.0]]).log().requires_grad_()
    q = torch.tensor([[0.9, 0.1, 0.0]]).log().requires_grad_()
    for loss in (kl_from_logits, cross_entropy_of):
        value = loss(p, q)
        gradients = torch.autograd.grad(value.sum(), (p, q))
        assert all(torch.isfinite(tensor).all() for tensor in (value, *gradients))


def test_zeros_of_a_sparse_teacher_stay_zeros_when_softened():
    teacher = wide([0.8, 0.2, 0.0, 0.0]).log()
    student = torch.zeros(1, 4, dtype=torch.float64)
    softened = log_power_transform(teacher, 0.25).exp()
    expected = 16 * ((softened * softened.log().nan_to_num(neginf=0.0)).sum(dim=1) + wide(4.0).log())
    torch.testing.assert_close(kd_divergence(teacher, student, temperature=4.0), expected)


def test_gradients_agree_with_finite_differences():
    p, q = normal(2, 3, 4)
    for loss in (kl_from_logits, cross_entropy_of, lambda t, s: kd_divergence(t, s, temperature=3.0)):
        assert torch.autograd.gradcheck(loss, (p.clone().requires_grad_(), q.clone().requires_grad_()))
