"""AVG against its test vector, the means it learns from, and KD from collapsed classes."""

import pytest
import torch
from torch import nn

from distillab.data.dataset import Batch
from distillab.knockoff.avg import AVG, class_means
from distillab.knockoff.kd import KD
from distillab.knockoff.teacher import CachedAnswers
from distillab.losses.power import power_transform

A = torch.tensor([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1]])
both = pytest.mark.parametrize("means", ["dataset", "batch"])


def targets(objective, y, index, classes=3):
    """What pulls a student without an opinion: its gradient is T (u - m_y)."""
    logits = torch.zeros(len(y), classes, requires_grad=True)
    objective.terms(nn.Identity(), Batch(logits, y, index))["avg"].sum().backward()
    return 1 / classes - logits.grad / 4


def test_the_mean_of_powers_and_not_the_power_of_the_mean(task_of):
    y = torch.tensor([0, 0])
    objective = AVG(hard_weight=0).objective(task_of(y, 3), CachedAnswers(A))
    expected = torch.tensor([[0.430019, 0.305350, 0.264631]]).expand(2, 3)
    torch.testing.assert_close(targets(objective, y, torch.arange(2)), expected, atol=1e-5, rtol=0)


def test_means_over_the_data_set_are_over_the_training_images_of_the_class(task_of, toy):
    _, p, y = toy(n=1203, classes=3)  # more than two queries
    objective = AVG(hard_weight=0).objective(task_of(y, 3), CachedAnswers(p))
    softened = power_transform(p.log(), 0.25)
    expected = torch.stack([softened[y == label].mean(0) for label in range(3)])
    torch.testing.assert_close(targets(objective, torch.arange(3), torch.tensor([5, 6, 7])), expected)


def test_means_over_a_batch_are_over_the_images_in_it(task_of, toy):
    _, p, y = toy(n=9, classes=3)
    objective = AVG(means="batch", hard_weight=0).objective(task_of(y, 3), CachedAnswers(p))
    index = torch.tensor([0, 3, 1])
    softened = power_transform(p.log(), 0.25)
    zero, one = softened[[0, 3]].mean(0), softened[1]
    torch.testing.assert_close(targets(objective, y[index], index), torch.stack([zero, zero, one]))


@both
def test_equal_labels_have_equal_targets_whatever_the_image(task_of, toy, means):
    _, p, y = toy()
    got = targets(AVG(means=means, hard_weight=0).objective(task_of(y, 5), CachedAnswers(p)), y, torch.arange(12), 5)
    for label in range(5):
        torch.testing.assert_close(got[y == label], got[label].expand(int((y == label).sum()), 5))


@both
def test_if_every_class_is_one_point_it_is_kd(terms_of, toy, means):
    z_s, p, y = toy()
    collapsed = p[:5][y]
    got, kd = terms_of(AVG(means=means), z_s, collapsed, y), terms_of(KD(), z_s, collapsed, y)
    torch.testing.assert_close(got["cross_entropy"], kd["cross_entropy"])
    torch.testing.assert_close(got["avg"], kd["kd"], atol=1e-5, rtol=1e-5)


def test_an_image_alone_in_its_batch_is_kd(terms_of, toy):
    z_s, p, _ = toy(n=5)
    y = torch.arange(5)
    got, kd = terms_of(AVG(means="batch"), z_s, p, y), terms_of(KD(), z_s, p, y)
    torch.testing.assert_close(got["avg"], kd["kd"], atol=1e-5, rtol=1e-5)


def test_a_class_that_all_answers_exclude_has_no_mass(task_of):
    p = torch.tensor([[0.8, 0.2, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    y = torch.tensor([0, 0, 2])
    objective = AVG(hard_weight=0).objective(task_of(y, 3), CachedAnswers(p))
    got = targets(objective, torch.tensor([0, 2]), torch.arange(2))
    assert got[0, 2].abs() < 1e-6
    torch.testing.assert_close(got[1], torch.tensor([0.0, 0.0, 1.0]))


def test_answers_are_asked_for_once_and_only_about_training_images(task_of, toy):
    _, p, y = toy()
    asked = []

    class Counting(CachedAnswers):
        def __call__(self, batch):
            asked.extend(batch.index.tolist())
            return super().__call__(batch)

    objective = AVG(hard_weight=0).objective(task_of(y, 5), Counting(p))
    objective.terms(nn.Identity(), Batch(torch.zeros(12, 5), y, torch.arange(12)))
    assert asked == list(range(12))


def test_class_means_of_batches_and_of_an_absent_class():
    y, p = torch.tensor([0, 2, 0]), torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    expected = torch.tensor([[0.5, 0, 0.5], [0, 0, 0], [0, 1, 0]])
    assert torch.equal(class_means([(y, p)], 3), expected)
    assert torch.equal(class_means([(y[:1], p[:1]), (y[1:], p[1:])], 3), expected)
