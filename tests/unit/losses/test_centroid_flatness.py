"""The unevenness of centroids over wrong classes: closed forms, and whose gradient it has."""

import math

import pytest
import torch

from distillab.losses.centroid_flatness import joined_log_centroids, off_diagonal_divergence
from distillab.losses.conditional_mutual_information import log_centroids
from distillab.metrics.centroids import similarity_information

POWERS = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
ROWS = torch.tensor([0, 1, 0, 0, 1])
CLASSES = torch.tensor([2, 0])


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def centroids(logits):
    return torch.cat([log_centroids(logits[row == ROWS][None], POWERS) for row in range(2)])


def test_an_even_spread_costs_nothing_whatever_the_label_gets():
    s = torch.tensor([[[0.1, 0.7, 0.1, 0.1]], [[0.3, 0.3, 0.1, 0.3]]])
    got = off_diagonal_divergence(s.log(), torch.tensor([1, 2]))
    torch.testing.assert_close(got, torch.zeros(2, 1), atol=1e-6, rtol=0)


def test_the_closed_form_of_two_wrong_classes():
    s = torch.tensor([[[0.6, 0.3, 0.1]]])
    got = off_diagonal_divergence(s.log(), torch.tensor([0])).item()
    assert got == pytest.approx(-0.5 * math.log(4 * 0.75 * 0.25), abs=1e-6)


def test_two_classes_have_nothing_to_spread():
    got = off_diagonal_divergence(torch.tensor([[[0.9, 0.1]]]).log(), torch.tensor([0]))
    torch.testing.assert_close(got, torch.zeros(1, 1), atol=1e-6, rtol=0)


def test_it_vanishes_with_the_measure_of_similarity():
    """The measured quantity swaps the arguments of the divergence; near zero both are half the squared deviation."""
    s = (0.01 * normal(6, 6)).softmax(-1)
    loss = off_diagonal_divergence(s.log()[:, None], torch.arange(6)).mean().item()
    assert loss == pytest.approx(similarity_information(s.numpy()), rel=0.05)


def test_the_joined_centroid_is_the_mean_of_all_outputs():
    logits, others = normal(5, 4), normal(2, 3, 4, seed=1)
    counts = torch.tensor([3, 3])
    got = joined_log_centroids(logits, ROWS, log_centroids(others, POWERS), counts, POWERS)
    for row in range(2):
        together = torch.cat([others[row], logits[row == ROWS]])
        torch.testing.assert_close(got[row], log_centroids(together[None], POWERS)[0])


@pytest.mark.parametrize("held", ["nothing", "the batch itself"])
def test_the_gradient_is_that_of_the_batchs_own_centroid(held):
    logits = normal(5, 4).requires_grad_()
    own = centroids(logits)
    counts = ROWS.bincount() * (held != "nothing")
    joined = joined_log_centroids(logits, ROWS, own.detach(), counts, POWERS)
    torch.testing.assert_close(joined, own)
    expected, got = (
        torch.autograd.grad(off_diagonal_divergence(log_s, CLASSES).sum(), logits)[0] for log_s in (own, joined)
    )
    torch.testing.assert_close(got, expected)


def test_extremes_stay_finite():
    logits = (1e4 * torch.eye(4)[[0, 1, 2, 3, 0]]).requires_grad_()
    log_q = torch.full((2, 3, 4), -1e4)
    joined = joined_log_centroids(logits, ROWS, log_q, torch.tensor([20, 0]), POWERS.float())
    loss = off_diagonal_divergence(joined, CLASSES).sum()
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()
