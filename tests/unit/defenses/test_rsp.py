"""RSP against its test vectors and its invariants."""

import math

import pytest
import torch

from distillab.defenses.rsp import ReverseSigmoid, reverse_sigmoid
from distillab.specs.model import Domain

P = torch.tensor([[0.9, 0.05, 0.05]], dtype=torch.float64)
VECTORS = [
    (0.7, 0.2, (0.732939, 0.133530, 0.133530)),
    (1, 0.2, (0.672165, 0.163917, 0.163917)),
    (1, 1, (1 / 3, 1 / 3, 1 / 3)),
    (1, 20, (0.266667, 0.366667, 0.366667)),
]


def released(spec, probs, log_probs=None):
    release = spec.release({}, Domain((1, 8, 8), probs.shape[1], (0.5,), (0.3,)))
    return release(probs.log() if log_probs is None else log_probs, torch.empty(len(probs), 0))


def outputs(n=2000, k=100):
    z = torch.randn(n, k, generator=torch.Generator().manual_seed(0))
    z[torch.arange(n), torch.arange(n) % k] += 6
    return z.softmax(1)


@pytest.mark.parametrize(("beta", "gamma", "expected"), VECTORS)
def test_the_test_vectors(beta, gamma, expected):
    got = released(ReverseSigmoid(beta=beta, gamma=gamma), P)
    torch.testing.assert_close(got.exp(), torch.tensor([expected], dtype=torch.float64), atol=1e-5, rtol=0)


def test_without_amplitude_nothing_changes_not_even_zeros():
    probs = torch.tensor([[0.7, 0.3, 0.0], [1.0, 0.0, 0.0]])
    got = released(ReverseSigmoid(beta=0), probs)
    torch.testing.assert_close(got.exp(), probs)
    assert got[probs == 0].isneginf().all()


def test_near_zero_and_one_it_takes_and_gives_half_the_amplitude():
    probs = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(
        reverse_sigmoid(probs, beta=0.6, gamma=20), torch.tensor([[0.3, 0.7]], dtype=torch.float64)
    )


def test_one_half_stays_one_half():
    probs = torch.tensor([[0.5, 0.5], [0.5, 0.5]], dtype=torch.float64)
    torch.testing.assert_close(reverse_sigmoid(probs, beta=1, gamma=0.2), probs)


def test_equal_classes_stay_equal():
    got = reverse_sigmoid(P, beta=1, gamma=0.05)
    assert got[0, 1] == got[0, 2]


def test_logits_are_taken_in_float64_and_clipped():
    first = -1e-10
    sure = torch.tensor([[first, math.log(-first)], [0.0, -torch.inf]])
    got = released(ReverseSigmoid(), sure.exp(), sure)
    for row, logit in enumerate((-math.log(-first), math.log(1e12))):
        given = 1 / (1 + math.exp(-0.05 * logit)) - 0.5
        torch.testing.assert_close(got[row].exp(), torch.tensor([1 - given, given]), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("beta", "gamma"), [(1, 0.05), (1, 20), (0.7, 0.2)])
def test_saturated_answers_stay_finite_distributions(beta, gamma):
    probs = torch.cat([torch.eye(5), torch.tensor([[1 - 1e-7, 1e-7, 0, 0, 0]])])
    got = released(ReverseSigmoid(beta=beta, gamma=gamma), probs).exp()
    assert got.isfinite().all()
    assert (got >= 0).all()
    torch.testing.assert_close(got.sum(1), torch.ones(6))


def test_the_adopted_reading_keeps_almost_every_prediction_and_the_printed_one_few():
    probs = outputs()

    def kept(**spec):
        return (released(ReverseSigmoid(**spec), probs).argmax(1) == probs.argmax(1)).float().mean().item()

    assert 0.98 < kept() <= 1
    assert kept(gamma=20) < 0.5
    assert kept(gamma=0.2) < kept()


@pytest.mark.parametrize("gamma", [0.05, 0.2, 20.0])
def test_the_prediction_can_be_kept(gamma):
    probs = outputs()
    free = released(ReverseSigmoid(gamma=gamma), probs).exp()
    kept = released(ReverseSigmoid(gamma=gamma, preserve_argmax=True), probs).exp()
    assert torch.equal(kept.argmax(1), probs.argmax(1))
    flipped = free.argmax(1) != probs.argmax(1)
    torch.testing.assert_close(kept, torch.where(flipped[:, None], probs, free))


@pytest.mark.parametrize("wrong", [{"beta": 20}, {"beta": -1}, {"gamma": -1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ReverseSigmoid(**wrong)
