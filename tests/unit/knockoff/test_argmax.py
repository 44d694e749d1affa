"""Argmax against its closed form; what a defense does to anything but the largest class cannot reach it."""

import pytest
import torch
import torch.nn.functional as F

from distillab.defenses.deviation import most_deviating
from distillab.defenses.rsp import ReverseSigmoid
from distillab.knockoff.argmax import Argmax
from distillab.knockoff.kd import KD
from distillab.specs.model import Domain

CLASSES = 5


def gradient(terms_of, spec, z_s, probs, y):
    z = z_s.clone().requires_grad_()
    sum(terms_of(spec, z, probs, y).values()).sum().backward()
    return z.grad


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.7, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
def test_both_terms_are_smoothed_cross_entropy(toy, terms_of, weight, smoothing):
    z_s, probs, y = toy()
    got = terms_of(Argmax(hard_weight=weight, label_smoothing=smoothing), z_s, probs, y)
    for name, classes, share in (("cross_entropy", y, weight), ("argmax", probs.argmax(1), 1 - weight)):
        target = (1 - smoothing) * F.one_hot(classes, CLASSES) + smoothing / CLASSES
        torch.testing.assert_close(got[name], -share * (target * z_s.log_softmax(1)).sum(1), atol=1e-5, rtol=1e-5)
    assert got.keys() == {"cross_entropy", "argmax"}


def test_the_gradient_in_closed_form(toy, terms_of):
    z_s, probs, y = toy()
    assert (probs.argmax(1) != y).any()
    target = 0.2 * F.one_hot(y, CLASSES) + 0.8 * F.one_hot(probs.argmax(1), CLASSES)
    expected = z_s.softmax(1) - (0.7 * target + 0.3 / CLASSES)
    got = gradient(terms_of, Argmax(hard_weight=0.2, label_smoothing=0.3), z_s, probs, y)
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)


def angle(probs, z_s):
    return most_deviating(probs.double(), z_s.double().softmax(1), eps=1.0, variant="argmax").float()


def reverse(probs, _z_s):
    domain = Domain((1, 8, 8), CLASSES, (0.5,), (0.5,))
    release = ReverseSigmoid(beta=1.0, gamma=0.9, preserve_argmax=True).release({}, domain)
    return release(probs.log(), torch.empty(len(probs), 0)).exp()


def stingy(probs, _z_s):
    top = F.one_hot(probs.argmax(1), CLASSES)
    return 0.3 * top + 0.7 * (1 - top) / (CLASSES - 1)


@pytest.mark.parametrize("defense", [angle, reverse, stingy])
def test_a_defense_that_keeps_the_largest_class_moves_nothing(toy, terms_of, defense):
    """KD, which believes the probabilities, is led elsewhere by the same answers."""
    z_s, probs, y = toy(n=40)
    moved = defense(probs, z_s)
    assert torch.equal(moved.argmax(1), probs.argmax(1))
    assert (moved - probs).abs().max() > 0.1
    first, second = (gradient(terms_of, Argmax(), z_s, answers, y) for answers in (probs, moved))
    assert torch.equal(first, second)
    first, second = (gradient(terms_of, KD(), z_s, answers, y) for answers in (probs, moved))
    assert (first - second).abs().max() > 0.01


def test_all_weight_on_the_answers_never_reads_a_label(toy, terms_of):
    z_s, probs, y = toy()
    spec = Argmax(hard_weight=0)
    assert torch.equal(gradient(terms_of, spec, z_s, probs, y), gradient(terms_of, spec, z_s, probs, (y + 1) % CLASSES))
