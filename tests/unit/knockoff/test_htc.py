"""HTC against its test vector and the attacks that its forms reduce to."""

import pytest
import torch
import torch.nn.functional as F

from distillab.knockoff.htc import HTC, composed
from distillab.knockoff.kd import KD

P = torch.tensor([[0.9, 0.09, 0.01]])
Y = torch.tensor([0])


def total(terms):
    return sum(terms.values())


def test_the_test_vector():
    softened = composed(P.log(), Y, temperature=20.0, label_weight=0.0)
    torch.testing.assert_close(softened, torch.tensor([[0.371778, 0.331348, 0.296874]]), atol=1e-5, rtol=0)
    target = composed(P.log(), Y, temperature=20.0, label_weight=0.01)
    torch.testing.assert_close(target, torch.tensor([[0.378061, 0.328034, 0.293905]]), atol=1e-5, rtol=0)


def test_the_loss_compares_the_composition_with_the_softened_student(terms_of):
    z_s = torch.tensor([[0.5, 0.0, -0.5]], requires_grad=True)
    target = composed(P.log(), Y, temperature=20.0, label_weight=0.01)
    loss = total(terms_of(HTC(), z_s, P, Y))
    loss.sum().backward()
    student = (z_s.detach() / 20).softmax(1)
    expected = 400 * (target * (target / student).log()).sum()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-3)
    torch.testing.assert_close(z_s.grad, 20 * (student - target), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("form", ["compose", "tradeoff_kl"])
def test_without_the_label_it_is_kd(terms_of, toy, form):
    z_s, p, y = toy()
    kd = total(terms_of(KD(temperature=20, hard_weight=0), z_s, p, y))
    torch.testing.assert_close(total(terms_of(HTC(label_weight=0, form=form), z_s, p, y)), kd, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("form", ["compose", "tradeoff_kl"])
def test_with_the_label_alone_it_is_cross_entropy(terms_of, toy, form):
    z_s, p, y = toy()
    got = total(terms_of(HTC(temperature=1, label_weight=1, form=form), z_s, p, y))
    torch.testing.assert_close(got, F.cross_entropy(z_s, y, reduction="none"))


@pytest.mark.parametrize(("form", "weight"), [("tradeoff_kl", 0.2), ("tradeoff_ce", 0.8)])
def test_a_tradeoff_is_kd_with_that_weight_on_the_label(terms_of, toy, form, weight):
    z_s, p, y = toy()
    kd = terms_of(KD(temperature=20, hard_weight=weight), z_s, p, y)
    got = terms_of(HTC(label_weight=0.2, form=form), z_s, p, y)
    torch.testing.assert_close(got["cross_entropy"], kd["cross_entropy"])
    torch.testing.assert_close(got["htc"], kd["kd"])


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_a_composition_is_a_distribution_and_its_zeros_are_the_teachers(toy, share):
    _, p, y = toy()
    p[:, 3] = 0
    p /= p.sum(1, keepdim=True)
    target = composed(p.log(), y, temperature=20.0, label_weight=share)
    torch.testing.assert_close(target.sum(1), torch.ones(12))
    zero = (y != 3) | (share == 0)
    assert not target[zero, 3].any()
    if share > 0:
        torch.testing.assert_close(target[~zero, 3], torch.full((int((~zero).sum()),), share))


def test_at_a_high_temperature_the_label_beats_a_misleading_peak():
    misleading = torch.tensor([[0.3, 0.7, 0.0]])
    assert composed(misleading.log(), Y, temperature=1.0, label_weight=0.05).argmax() == 1
    assert composed(misleading.log(), Y, temperature=20.0, label_weight=0.05).argmax() == 0
