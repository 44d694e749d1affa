"""A batch's classes, told in the ways of a CPU and of a GPU."""

import pytest
import torch

from distillab.losses.centroid_flatness import joined_log_centroids, off_diagonal_divergence
from distillab.losses.classes import classes_of, counted, every_class, first_of_its_class
from distillab.losses.conditional_mutual_information import conditional_mutual_information

Y = torch.tensor([3, 0, 3, 5, 0, 3])


def test_on_a_cpu_each_class_of_the_batch_stands_once():
    classes, rows = classes_of(Y, 7)
    assert classes.tolist() == [0, 3, 5]
    assert rows.tolist() == [1, 0, 1, 2, 0, 1]


@pytest.mark.parametrize(("classes", "rows"), [classes_of(Y, 7), every_class(Y, 7), first_of_its_class(Y)])
def test_every_example_finds_its_class(classes, rows):
    assert torch.equal(classes[rows], Y)
    assert len(rows.unique()) == len(Y.unique())


def test_counts_are_those_of_bincount():
    assert torch.equal(counted(Y, 9), Y.bincount(minlength=9))
    assert counted(Y[:0], 3).tolist() == [0, 0, 0]


def losses(told, logits, bank, counts, powers):
    classes, rows = told
    log_q = bank[classes]
    cmi = conditional_mutual_information(logits, rows, log_q, powers, omega=5.0)
    joined = joined_log_centroids(logits, rows, log_q, counts[classes], powers)
    return cmi, off_diagonal_divergence(joined, classes).mean(dim=1)[rows]


@pytest.mark.parametrize("form", [lambda y: every_class(y, 7), first_of_its_class])
def test_losses_and_gradients_do_not_depend_on_the_form(form):
    stream = torch.Generator().manual_seed(0)
    bank = torch.randn(7, 4, 7, generator=stream, dtype=torch.float64).log_softmax(2)
    counts = torch.tensor([4, 2, 0, 5, 1, 3, 0])
    logits = torch.randn(6, 7, generator=stream, dtype=torch.float64, requires_grad=True)
    powers = torch.rand(4, generator=stream, dtype=torch.float64) * 2
    found = [losses(told, logits, bank, counts, powers) for told in (classes_of(Y, 7), form(Y))]
    for expected, got in zip(*found, strict=True):
        assert torch.allclose(expected, got, rtol=0, atol=1e-13)
        (right,), (mine,) = (torch.autograd.grad(each.sum(), logits, retain_graph=True) for each in (expected, got))
        assert torch.allclose(right, mine, rtol=0, atol=1e-13)
