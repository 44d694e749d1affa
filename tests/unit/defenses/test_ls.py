"""Label smoothing against its test vector and its closed forms."""

import math

import pytest
import torch
import torch.nn.functional as F

from distillab.data.dataset import Batch
from distillab.defenses.ce import CrossEntropyDefense
from distillab.defenses.ls import LabelSmoothingDefense

Z, Y = torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([0])


def loss(defense, z, y):
    terms = defense.objective(None).terms(torch.nn.Identity(), Batch(z, y, torch.arange(len(y))))
    assert terms.keys() == {"cross_entropy"}
    return terms["cross_entropy"]


@pytest.mark.parametrize(("smoothing", "value"), [(0, 0.40760596), (0.1, 0.50760596), (0.5, 0.90760596)])
def test_the_test_vector(smoothing, value):
    assert loss(LabelSmoothingDefense(label_smoothing=smoothing), Z, Y).item() == pytest.approx(value, abs=1e-5)


def test_the_gradient_of_the_test_vector():
    z = Z.clone().requires_grad_()
    loss(LabelSmoothingDefense(label_smoothing=0.1), z, Y).sum().backward()
    torch.testing.assert_close(z.grad, torch.tensor([[-0.268092, 0.211395, 0.056697]]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.9])
def test_the_gradient_is_the_prediction_minus_the_target(smoothing):
    z = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    y = torch.arange(7) % 5
    loss(LabelSmoothingDefense(label_smoothing=smoothing), z, y).sum().backward()
    torch.testing.assert_close(z.grad, z.detach().softmax(1) - ((1 - smoothing) * F.one_hot(y, 5) + smoothing / 5))


def test_without_smoothing_it_is_the_plain_defense():
    assert torch.equal(loss(LabelSmoothingDefense(label_smoothing=0), Z, Y), loss(CrossEntropyDefense(), Z, Y))


def test_the_minimum_is_the_entropy_of_the_target():
    smoothing, classes = 0.05, 100
    target = torch.full((1, classes), smoothing / classes, dtype=torch.float64)
    target[0, 3] += 1 - smoothing
    value = loss(LabelSmoothingDefense(label_smoothing=smoothing), target.log(), torch.tensor([3])).item()
    assert value == pytest.approx(0.42449882, abs=1e-6)
    assert value / math.log(classes) == pytest.approx(0.09217874, abs=1e-6)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_impossible_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match="label_smoothing"):
        LabelSmoothingDefense(label_smoothing=smoothing)
