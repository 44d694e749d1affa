import math

import pytest
import torch

from distillab.losses.cross_entropy import cross_entropy, soft_cross_entropy

LOGITS = torch.tensor([[2.0, 0.0]])


def test_soft_labels_at_temperature_two_by_hand():
    logits = LOGITS.clone().requires_grad_()
    loss = soft_cross_entropy(logits, torch.tensor([[0.8, 0.2]]), temperature=2)
    loss.sum().backward()
    assert loss.item() == pytest.approx(0.513262, abs=1e-5)
    assert logits.grad[0].tolist() == pytest.approx([-0.034471, 0.034471], abs=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 20.0])
def test_one_hot_probabilities_are_hard_labels(temperature):
    logits = torch.randn(9, 4, generator=torch.Generator().manual_seed(0))
    y = torch.arange(9) % 4
    one_hot = torch.eye(4)[y]
    hard = cross_entropy(logits, y, temperature=temperature)
    assert hard.shape == (9,)
    assert torch.allclose(hard, soft_cross_entropy(logits, one_hot, temperature=temperature), atol=1e-6)


def test_label_smoothing_spreads_over_all_classes():
    log_probs = LOGITS.log_softmax(dim=1)[0]
    expected = -(0.95 * log_probs[0] + 0.05 * log_probs[1])
    assert cross_entropy(LOGITS, torch.tensor([0]), label_smoothing=0.1).item() == pytest.approx(
        expected.item(), abs=1e-6
    )


def test_least_at_the_given_probabilities():
    probs = LOGITS.softmax(dim=1)
    entropy = -(probs * probs.log()).sum().item()
    logits = LOGITS.clone().requires_grad_()
    loss = soft_cross_entropy(logits, probs)
    loss.sum().backward()
    assert loss.item() == pytest.approx(entropy, abs=1e-6)
    assert logits.grad.abs().max() < 1e-7


def test_extreme_logits_stay_finite():
    logits = torch.tensor([[1e4, -1e4, 0.0]])
    assert cross_entropy(logits, torch.tensor([1])).item() == pytest.approx(2e4)
    assert soft_cross_entropy(logits, torch.tensor([[0.0, 1.0, 0.0]])).item() == pytest.approx(2e4)
    assert cross_entropy(logits, torch.tensor([1]), temperature=1e9).item() == pytest.approx(math.log(3), abs=1e-4)
