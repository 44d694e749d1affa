"""DKD against its test vector, its identity with KD, and answers without anything besides one class."""

import pytest
import torch
import torch.nn.functional as F

from distillab.data.dataset import Batch
from distillab.knockoff.dkd import DKD, nontarget_divergence, target_divergence
from distillab.knockoff.kd import KD
from distillab.knockoff.teacher import CachedAnswers
from distillab.losses.divergence import kd_divergence

Z_S = torch.tensor([[0.5, 0.0, -0.5]])
LOG_P = torch.tensor([[2.0, 1.0, -1.0]]).log_softmax(1)
Y = torch.tensor([0])


def parts(log_p, z_s, y, temperature):
    return (
        target_divergence(log_p, z_s, y, temperature=temperature),
        nontarget_divergence(log_p, z_s, y, temperature=temperature),
    )


def test_the_parts_of_the_test_vector():
    target, nontarget = parts(LOG_P, Z_S, Y, 4.0)
    assert target.item() / 16 == pytest.approx(0.00978737, abs=1e-6)
    assert nontarget.item() / 16 == pytest.approx(0.01694430, abs=1e-6)
    t_y = (LOG_P / 4).softmax(1)[0, 0].item()
    assert t_y == pytest.approx(0.44421398, abs=1e-6)
    assert (target.item() + (1 - t_y) * nontarget.item()) / 16 == pytest.approx(0.01920477, abs=1e-6)


@pytest.mark.parametrize(("weights", "expected"), [((1, 4), 1.24103307), ((2, 8), 2.48206613)])
def test_the_test_vector(terms_of, weights, expected):
    spec = DKD(target_weight=weights[0], nontarget_weight=weights[1])
    got = terms_of(spec, Z_S, LOG_P.exp(), Y)
    assert (got["target"] + got["nontarget"]).item() == pytest.approx(expected, abs=1e-5)
    assert got["cross_entropy"].item() == pytest.approx(0.68026967, abs=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
def test_distillation_is_the_target_part_and_a_damped_other_part(toy, temperature):
    z_s, p, y = toy()
    z_s, p = z_s.double(), p.double()
    target, nontarget = parts(p.log(), z_s, y, temperature)
    t_y = (p.log() / temperature).softmax(1).gather(1, y[:, None]).squeeze(1)
    whole = kd_divergence(p.log(), z_s, temperature=temperature)
    torch.testing.assert_close(target + (1 - t_y) * nontarget, whole)


def test_the_gradients_of_the_parts_make_up_that_of_kd(toy):
    z_s, p, y = toy()
    t_y = (p.log() / 4).softmax(1).gather(1, y[:, None]).squeeze(1)
    gradients = []
    for decoupled in (False, True):
        z = z_s.clone().requires_grad_()
        target, nontarget = parts(p.log(), z, y, 4.0)
        whole = target + (1 - t_y) * nontarget if decoupled else kd_divergence(p.log(), z, temperature=4.0)
        whole.sum().backward()
        gradients.append(z.grad)
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-5)


def test_the_other_classes_part_does_not_see_the_label(toy):
    z_s, p, y = toy()
    moved = z_s + 7 * F.one_hot(y, 5)
    answers = p.log() - 3 * F.one_hot(y, 5)
    torch.testing.assert_close(parts(p.log(), z_s, y, 4.0)[1], parts(answers, moved, y, 4.0)[1])


def test_true_logits_serve_as_well_as_log_probabilities(toy):
    z_s, p, y = toy()
    shifts = torch.arange(12.0)[:, None] - 5
    for first, second in zip(parts(p.log(), z_s, y, 4.0), parts(p.log() + shifts, z_s - shifts, y, 4.0), strict=True):
        torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("right", [True, False])
def test_one_hot_answers(right):
    """Right: nothing is said of the other classes. Wrong: the label is excluded, one other class is certain."""
    z_s = Z_S.clone().requires_grad_()
    log_p = F.one_hot(Y if right else Y + 1, 3).float().log()
    target, nontarget = parts(log_p, z_s, Y, 4.0)
    (target + nontarget).sum().backward()
    softened = (Z_S / 4).softmax(1)[0]
    expected = -softened[0].log() if right else -(1 - softened[0]).log()
    assert target.item() == pytest.approx(16 * expected.item(), abs=1e-5)
    others = 0 if right else -16 * (softened[1] / softened[1:].sum()).log().item()
    assert nontarget.item() == pytest.approx(others, abs=1e-4)
    assert z_s.grad.isfinite().all()
    assert z_s.grad.any()


def test_a_silent_row_pulls_nothing_besides_the_label():
    z_s = torch.tensor([[0.5, 0.0, -0.5], [0.1, 0.2, 0.3]], requires_grad=True)
    log_p = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.4, 0.1]]).log()
    nontarget = nontarget_divergence(log_p, z_s, torch.tensor([0, 0]), temperature=4.0)
    nontarget.sum().backward()
    assert nontarget[0] == 0
    assert nontarget[1] > 0
    assert not z_s.grad[0].any()
    assert z_s.grad[1].any()


def test_a_student_sure_of_its_class_still_has_a_gradient():
    """``ln(1 - q_y)`` comes from the other logits: at a gap of 60 the difference would be ln 0."""
    z_s = torch.tensor([[60.0, 0.0, 0.0]], requires_grad=True)
    target = target_divergence(torch.tensor([[0.5, 0.3, 0.2]]).log(), z_s, Y, temperature=1.0)
    target.sum().backward()
    torch.testing.assert_close(z_s.grad, torch.tensor([[0.5, -0.25, -0.25]]))


def test_with_two_classes_all_is_said_by_the_label(toy):
    z_s, p, y = toy(classes=2)
    target, nontarget = parts(p.log(), z_s, y, 4.0)
    torch.testing.assert_close(target, kd_divergence(p.log(), z_s, temperature=4.0))
    assert not nontarget.any()


@pytest.mark.parametrize(
    ("warmup", "epochs", "ramps"),
    [(4, 100, [0.25, 0.5, 0.75, 1, 1]), (20, 4, [0.5, 1, 1, 1]), (20, 1, [1]), (0, 10, [1, 1])],
)
def test_the_ramp(task_of, warmup, epochs, ramps):
    objective = DKD(warmup_epochs=warmup).objective(task_of(Y, 3, epochs=epochs), CachedAnswers(LOG_P.exp()))
    for epoch, ramp in enumerate(ramps):
        objective.begin_epoch(epoch, torch.nn.Identity())
        assert objective.ramp == ramp


def test_the_ramp_weighs_the_answers_and_not_the_label(task_of, terms_of):
    objective = DKD(warmup_epochs=4).objective(task_of(Y, 3), CachedAnswers(LOG_P.exp()))
    objective.begin_epoch(0, torch.nn.Identity())
    early = objective.terms(torch.nn.Identity(), Batch(Z_S, Y, torch.arange(1)))
    late = terms_of(DKD(warmup_epochs=4), Z_S, LOG_P.exp(), Y)
    assert early["cross_entropy"] == late["cross_entropy"]
    for name in ("target", "nontarget"):
        torch.testing.assert_close(early[name], 0.25 * late[name])


def test_weights_of_zero_leave_cross_entropy(terms_of, toy):
    z_s, p, y = toy()
    got = terms_of(DKD(target_weight=0, nontarget_weight=0), z_s, p, y)
    alone = terms_of(KD(hard_weight=1), z_s, p, y)["cross_entropy"]
    torch.testing.assert_close(sum(got.values()), alone)
