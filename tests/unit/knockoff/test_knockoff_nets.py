"""Knockoff Nets: the transfer set, its size, and labels that nobody reads."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from distillab.core.errors import ContractError
from distillab.data.dataset import Batch
from distillab.knockoff.knockoff_nets import KnockoffRandom
from distillab.knockoff.teacher import CachedAnswers


@pytest.fixture
def transfer_set(task_of, toy):
    def positions(budget=None, seed=0):
        _, p, y = toy(n=40)
        task = task_of(y, 5, seed=seed)
        return KnockoffRandom(budget=budget).objective(task, CachedAnswers(p)).positions(task.train)

    return positions


def test_the_loss_is_cross_entropy_against_the_answers(terms_of, toy):
    z_s, p, y = toy()
    got = terms_of(KnockoffRandom(), z_s, p, y)["cross_entropy"]
    torch.testing.assert_close(got, -(p * z_s.log_softmax(1)).sum(1))


def test_its_gradient_is_the_gap(terms_of, toy):
    z_s, p, y = toy()
    z_s.requires_grad_()
    terms_of(KnockoffRandom(), z_s, p, y)["cross_entropy"].sum().backward()
    torch.testing.assert_close(z_s.grad, z_s.softmax(1) - p, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("argmaxed", [False, True])
def test_labels_are_not_read(task_of, toy, argmaxed):
    z_s, p, y = toy()
    objective = KnockoffRandom(argmaxed=argmaxed).objective(task_of(y, 5), CachedAnswers(p))
    index = torch.arange(12)
    straight, other = (
        objective.terms(nn.Identity(), Batch(z_s, labels, index))["cross_entropy"] for labels in (y, y.flip(0))
    )
    assert torch.equal(straight, other)


def test_argmaxed_answers_are_the_teachers_labels(terms_of, toy):
    z_s, p, y = toy()
    expected = F.cross_entropy(z_s, p.argmax(1), reduction="none")
    got = terms_of(KnockoffRandom(argmaxed=True), z_s, p, y)["cross_entropy"]
    torch.testing.assert_close(got, expected)
    one_hot = F.one_hot(p.argmax(1), 5).float()
    torch.testing.assert_close(terms_of(KnockoffRandom(), z_s, one_hot, y)["cross_entropy"], expected)


def test_a_class_that_the_answer_excludes_costs_nothing(terms_of):
    z_s = torch.tensor([[0.0, 1.0, -1e4]], requires_grad=True)
    loss = terms_of(KnockoffRandom(), z_s, torch.tensor([[0.3, 0.7, 0.0]]), torch.tensor([2]))["cross_entropy"]
    loss.sum().backward()
    assert loss.item() < 2
    assert z_s.grad.isfinite().all()


def test_without_a_budget_every_image_is_in_it_once(transfer_set):
    assert sorted(transfer_set().tolist()) == list(range(40))


def test_the_budget_is_spent_on_different_images(transfer_set):
    assert len(set(transfer_set(17).tolist())) == len(transfer_set(17)) == 17


def test_a_larger_budget_adds_images(transfer_set):
    assert transfer_set(30)[:17].tolist() == transfer_set(17).tolist()


def test_the_seed_decides(transfer_set):
    assert torch.equal(transfer_set(17), transfer_set(17))
    assert set(transfer_set(17).tolist()) != set(transfer_set(17, seed=1).tolist())


def test_a_budget_above_the_query_set_is_refused(transfer_set):
    with pytest.raises(ContractError, match="at most 40 training images; got 41"):
        transfer_set(41)


def test_its_recipe_is_the_published_one_unless_another_is_given():
    recipe = KnockoffRandom().train
    assert (recipe.epochs, recipe.batch_size) == (100, 64)
    assert (recipe.optimizer.lr, recipe.optimizer.momentum, recipe.optimizer.weight_decay) == (0.01, 0.5, 0.0)
    assert (recipe.schedule.milestones, recipe.schedule.gamma) == ((60,), 0.1)
    assert KnockoffRandom(train=None).train is None
