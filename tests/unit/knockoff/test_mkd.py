"""MKD against its test vector, what it reduces to, and how its matrices start, learn and rest."""

import pytest
import torch
from torch import nn

from distillab.data.dataset import Batch
from distillab.knockoff.kd import KD
from distillab.knockoff.mkd import MKD, transformed
from distillab.knockoff.teacher import CachedAnswers
from distillab.losses.power import power_transform

ranks = pytest.mark.parametrize("rank", [1, 2, 3, 7, None])


def objective_of(task_of, p, y, *, seed=0, epochs=10, **fields):
    return MKD(**fields).objective(task_of(y, p.shape[1], epochs=epochs, seed=seed), CachedAnswers(p))


def step(objective, z_s, y):
    objective.begin_epoch(0, nn.Identity())
    terms = objective.terms(nn.Identity(), Batch(z_s, y, torch.arange(len(y))))
    sum(terms.values()).mean().backward()
    objective.end_step()
    return terms


def matrices(objective):
    """M_y for each class: what it makes of the corners of the simplex."""
    factors = [factor.detach() for factor in objective.factors]
    k = factors[0].shape[0]
    return torch.stack([transformed(torch.eye(k), torch.full((k,), label), factors) for label in range(k)])


def test_the_test_vector():
    a = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    b = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.6, 0.3]])
    factors = [a.log()[None].expand(3, -1, -1), b.log()[None].expand(3, -1, -1)]
    m = transformed(torch.eye(3), torch.zeros(3, dtype=torch.long), factors)
    expected = torch.tensor([[0.73, 0.15, 0.12], [0.24, 0.5, 0.26], [0.45, 0.35, 0.2]])
    torch.testing.assert_close(m, expected, atol=1e-5, rtol=0)
    p = transformed(torch.tensor([[0.7, 0.2, 0.1]]), torch.tensor([1]), factors)
    torch.testing.assert_close(p, torch.tensor([[0.604, 0.24, 0.156]]), atol=1e-5, rtol=0)


@ranks
def test_every_class_has_its_own_markov_matrix(task_of, toy, rank):
    z_s, p, y = toy()
    objective = objective_of(task_of, p, y, rank=rank)
    step(objective, z_s, y)
    m = matrices(objective)
    assert (m > 0).all()
    torch.testing.assert_close(m.sum(2), torch.ones(5, 5))
    assert all(not torch.equal(m[0], m[label]) for label in range(1, 5))


@ranks
def test_the_rank_of_the_matrices(task_of, toy, rank):
    _, p, y = toy(n=24, classes=8)
    m = matrices(objective_of(task_of, p, y, rank=rank))
    assert (torch.linalg.matrix_rank(m.double(), rtol=1e-6) == (rank or 8)).all()


def test_the_identity_is_kd(task_of, terms_of, toy):
    z_s, p, y = toy()
    objective = objective_of(task_of, p, y, rank=None)
    objective.factors[0].data.copy_(torch.eye(5).log().expand(5, 5, 5))
    got = objective.terms(nn.Identity(), Batch(z_s, y, torch.arange(12)))
    kd = terms_of(KD(), z_s, p, y)
    torch.testing.assert_close(got["mkd"], kd["kd"], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(got["cross_entropy"], kd["cross_entropy"])


def test_one_prototype_is_a_soft_label_per_class_whatever_the_answer(task_of, toy):
    _, p, y = toy()
    objective = objective_of(task_of, p, y, rank=1)
    targets = transformed(power_transform(p.log(), 0.25), y, objective.factors)
    others = transformed(p.roll(1, 0), y, objective.factors)
    torch.testing.assert_close(targets, others)
    torch.testing.assert_close(targets[y == 2], targets[2].expand(2, 5))


def test_the_target_is_the_matrix_of_the_label_times_the_softened_answer(task_of, toy):
    z_s, p, y = toy()
    objective = objective_of(task_of, p, y, hard_weight=0, student_temperature=1)
    z_s.requires_grad_()
    objective.terms(nn.Identity(), Batch(z_s, y, torch.arange(12)))["mkd"].sum().backward()
    softened = power_transform(p.log(), 0.25)
    target = torch.einsum("nc,nck->nk", softened, matrices(objective)[y])
    torch.testing.assert_close(z_s.grad, z_s.softmax(1) - target, atol=1e-5, rtol=1e-4)


def test_a_matrix_starts_with_its_class_apart_and_the_others_by_rank_in_turn(task_of):
    """Class 0 of four: its own prototype, then classes 2, 3, 1 as their mean output falls."""
    p = torch.tensor([[0.4, 0.1, 0.3, 0.2], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    a, b = (factor[0].softmax(1) for factor in objective_of(task_of, p, torch.arange(4)).factors)
    expected = torch.full((4, 3), 0.05)
    for row, prototype in enumerate((0, 1, 1, 2)):
        expected[row, prototype] = 0.9
    torch.testing.assert_close(a, expected, atol=0, rtol=0.1)
    label = torch.tensor([0.925, 0.025, 0.025, 0.025])
    other = 0.5 * label + 0.5 * torch.tensor([0, 1 / 6, 3 / 6, 2 / 6])
    torch.testing.assert_close(b, torch.stack([label, other, other]), atol=0, rtol=0.1)
    assert not torch.equal(b[1], b[2])


def test_a_full_matrix_starts_near_the_identity(task_of, toy):
    _, p, y = toy()
    m = matrices(objective_of(task_of, p, y, rank=None))
    torch.testing.assert_close(m, (0.9 * torch.eye(5) + 0.02).expand(5, 5, 5), atol=0, rtol=0.1)


def test_one_hot_answers_leave_the_other_prototypes_uniform_beside_the_label(task_of):
    _, b = objective_of(task_of, torch.eye(4), torch.arange(4)).factors
    expected = 0.5 * torch.tensor([0.925, 0.025, 0.025, 0.025]) + 0.5 * torch.tensor([0, 1 / 3, 1 / 3, 1 / 3])
    torch.testing.assert_close(b[0, 1].softmax(0), expected, atol=0, rtol=0.1)


def test_the_noise_comes_from_the_seed(task_of, toy):
    _, p, y = toy()
    first, again, other = (objective_of(task_of, p, y, seed=seed).factors for seed in (0, 0, 1))
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    difference = torch.cat([(one - two).flatten() for one, two in zip(first, other, strict=True)])
    assert difference.std().item() == pytest.approx(0.01 * 2**0.5, rel=0.2)


@ranks
def test_a_step_moves_the_matrices_of_the_classes_in_the_batch_toward_the_student(task_of, toy, rank):
    z_s, p, _ = toy()
    y = torch.arange(12) % 3
    objective = objective_of(task_of, p, y, rank=rank, matrix_lr=0.1)
    before = matrices(objective)
    losses = [step(objective, z_s, y)["mkd"].mean().item() for _ in range(20)]
    after = matrices(objective)
    assert losses[-1] < losses[0]
    moved = (after - before).abs().amax((1, 2)) > 0
    assert moved.tolist() == [True, True, True, False, False]


@ranks
def test_with_a_rate_of_zero_the_matrices_stay(task_of, toy, rank):
    z_s, p, y = toy()
    objective = objective_of(task_of, p, y, rank=rank, matrix_lr=0)
    before = matrices(objective)
    step(objective, z_s, y)
    assert torch.equal(matrices(objective), before)


def test_a_step_uses_its_own_gradient_alone(task_of, toy):
    z_s, p, y = toy()
    objective = objective_of(task_of, p, y, matrix_lr=0)
    gradients = []
    for _ in range(2):
        step(objective, z_s, y)
        gradients.append(objective.factors[0].grad.clone())
    assert torch.equal(*gradients)


@pytest.mark.parametrize(("epoch", "moves"), [(8, True), (9, False)])
def test_the_matrices_rest_in_the_last_tenth(task_of, toy, epoch, moves):
    z_s, p, y = toy()
    objective = objective_of(task_of, p, y, epochs=10)
    before = matrices(objective)
    objective.begin_epoch(epoch, nn.Identity())
    sum(objective.terms(nn.Identity(), Batch(z_s, y, torch.arange(12))).values()).sum().backward()
    objective.end_step()
    assert torch.equal(matrices(objective), before) != moves


def test_the_state_holds_matrices_and_moments(task_of, toy):
    z_s, p, y = toy()
    first, second = (objective_of(task_of, p, y, seed=seed) for seed in (0, 1))
    step(first, z_s, y)
    second.load_state({name: tensor.clone() for name, tensor in first.state().items()})
    for objective in (first, second):
        step(objective, z_s, y)
    assert torch.equal(matrices(first), matrices(second))
