"""KD against its test vector, its closed forms and its limits."""

import pytest
import torch
import torch.nn.functional as F

from distillab.data.dataset import Batch
from distillab.knockoff.kd import KD, soft_target_divergence
from distillab.knockoff.teacher import CachedAnswers

Z_S = torch.tensor([[0.5, 0.0, -0.5]])
Z_T = torch.tensor([[2.0, 1.0, -1.0]])
Y = torch.tensor([0])


def terms(spec, z_s, probs, y):
    """The terms of a student whose images are its logits."""
    batch = Batch(z_s, y, torch.arange(len(y)))
    return spec.objective(None, CachedAnswers(probs)).terms(torch.nn.Identity(), batch)


def total(spec, z_s, probs, y):
    return sum(terms(spec, z_s, probs, y).values())


def test_the_test_vector():
    got = terms(KD(), Z_S, Z_T.softmax(1), Y)
    assert got["cross_entropy"].item() == pytest.approx(0.1 * 0.68026967, abs=1e-5)
    assert got["kd"].item() == pytest.approx(0.9 * 0.30727633, abs=1e-5)
    assert sum(got.values()).item() == pytest.approx(0.34457566, abs=1e-5)


def test_the_gradient_of_the_test_vector():
    z_s = Z_S.clone().requires_grad_()
    total(KD(), z_s, Z_T.softmax(1), Y).sum().backward()
    torch.testing.assert_close(z_s.grad, torch.tensor([[-0.295799, -0.020941, 0.316740]]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
@pytest.mark.parametrize("weight", [0.0, 0.1, 0.7])
def test_the_gradient_in_closed_form(temperature, weight):
    stream = torch.Generator().manual_seed(0)
    z_s, z_t = (torch.randn(6, 5, generator=stream, dtype=torch.float64) * 3 for _ in range(2))
    y = torch.arange(6) % 5
    z_s.requires_grad_()
    total(KD(temperature=temperature, hard_weight=weight), z_s, z_t.softmax(1), y).sum().backward()
    hard = z_s.detach().softmax(1) - F.one_hot(y, 5)
    soft = (z_s.detach() / temperature).softmax(1) - (z_t / temperature).softmax(1)
    torch.testing.assert_close(z_s.grad, weight * hard + (1 - weight) * temperature * soft)


def test_with_all_weight_on_the_label_it_is_cross_entropy():
    got = terms(KD(hard_weight=1), Z_S, Z_T.softmax(1), Y)
    assert got["kd"].item() == 0
    torch.testing.assert_close(sum(got.values()), F.cross_entropy(Z_S, Y, reduction="none"))


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
def test_a_student_that_answers_as_the_teacher_has_nothing_to_learn(temperature):
    z_s = Z_T.clone().requires_grad_()
    kd = terms(KD(temperature=temperature, hard_weight=0), z_s, Z_T.softmax(1), Y)["kd"]
    kd.sum().backward()
    assert kd.item() == pytest.approx(0, abs=1e-5)
    assert z_s.grad.abs().max() < 1e-5


def test_one_hot_answers_at_temperature_one_are_labels():
    kd = terms(KD(temperature=1, hard_weight=0), Z_S, F.one_hot(Y, 3).float(), Y)["kd"]
    torch.testing.assert_close(kd, F.cross_entropy(Z_S, Y, reduction="none"))


def test_a_class_the_teacher_excludes_pulls_nothing_but_itself():
    """With an exact zero at power 1/4: the target has no mass there, not a floor to the power of 1/4."""
    z_s = Z_S.clone().requires_grad_()
    total(KD(hard_weight=0), z_s, torch.tensor([[0.8, 0.2, 0.0]]), Y).sum().backward()
    softened = torch.tensor([[0.8, 0.2]]).pow(0.25)
    target = torch.cat([softened / softened.sum(), torch.zeros(1, 1)], dim=1)
    torch.testing.assert_close(z_s.grad, 4 * ((Z_S / 4).softmax(1) - target))


@pytest.mark.parametrize(
    "field", [{"temperature": 0}, {"hard_weight": -0.1}, {"hard_weight": 1.1}, {"responses": "always"}]
)
def test_impossible_parameters_are_refused(field):
    with pytest.raises(ValueError, match=next(iter(field))):
        KD(**field)


def test_with_the_student_at_temperature_one_the_gradient_is_the_gap():
    """Transformed teacher matching: q_s - p^(1/T), of order one at every temperature of the teacher."""
    z_s = Z_S.clone().requires_grad_()
    total(KD(temperature=20, hard_weight=0, student_temperature=1), z_s, Z_T.softmax(1), Y).sum().backward()
    torch.testing.assert_close(z_s.grad, Z_S.softmax(1) - (Z_T / 20).softmax(1))


@pytest.mark.parametrize("of_student", [0.5, 2.0, 8.0])
def test_the_gradient_with_two_temperatures(of_student):
    z_s = Z_S.clone().requires_grad_()
    total(KD(hard_weight=0, student_temperature=of_student), z_s, Z_T.softmax(1), Y).sum().backward()
    expected = of_student * ((Z_S / of_student).softmax(1) - (Z_T / 4).softmax(1))
    torch.testing.assert_close(z_s.grad, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 4.0, 20.0])
def test_a_student_at_the_teachers_temperature_is_plain_kd(temperature):
    p = torch.tensor([[0.8, 0.2, 0.0]])
    same = terms(KD(temperature=temperature, student_temperature=temperature), Z_S, p, Y)
    torch.testing.assert_close(same["kd"], terms(KD(temperature=temperature), Z_S, p, Y)["kd"], atol=1e-5, rtol=1e-5)


def test_a_soft_target_is_compared_as_it_is():
    target = torch.tensor([[0.6, 0.4, 0.0]])
    student = (Z_S / 4).softmax(1)
    expected = 16 * (target[:, :2] * (target / student)[:, :2].log()).sum(1)
    torch.testing.assert_close(soft_target_divergence(target.log(), Z_S, temperature=4.0), expected)
