import pytest
import torch

from distillab.core.errors import SpecError
from distillab.losses.margins import (
    difference_of_logits,
    difference_of_logits_ratio,
    is_adversarial,
    targeted_difference_of_logits,
)


def labels(*values):
    return torch.tensor(values)


@pytest.mark.parametrize(("label", "margin"), [(0, 1.0), (1, -1.0), (2, -2.0)])
def test_the_labeled_class_is_excluded_also_where_all_logits_are_negative(label, margin):
    logits = torch.tensor([[-1.0, -2.0, -3.0]])
    assert difference_of_logits(logits, labels(label)).item() == margin
    assert targeted_difference_of_logits(logits, labels(label)).item() == -margin


def test_margin_is_positive_exactly_where_the_label_wins():
    logits = torch.randn(200, 5, generator=torch.Generator().manual_seed(0))
    y = torch.arange(200) % 5
    assert torch.equal(difference_of_logits(logits, y) > 0, logits.argmax(dim=1) == y)


def test_margin_gradient_is_one_up_one_down():
    logits = torch.tensor([[3.0, 1.0, 2.0]], requires_grad=True)
    difference_of_logits(logits, labels(0)).sum().backward()
    assert logits.grad.tolist() == [[1.0, 0.0, -1.0]]


def test_ratio_by_hand():
    logits = torch.tensor([[4.0, 1.0, 2.0, 0.0], [4.0, 1.0, 2.0, 0.0]])
    assert torch.allclose(difference_of_logits_ratio(logits, labels(0, 1)), torch.tensor([2 / 3, -1.0]))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 4e4])
def test_ratio_ignores_scale_and_shift(scale):
    logits = torch.randn(50, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    y = torch.arange(50) % 10
    moved = difference_of_logits_ratio(scale * logits + 7, y)
    assert torch.allclose(moved, difference_of_logits_ratio(logits, y), rtol=1e-7)


def test_ratio_needs_three_classes():
    with pytest.raises(SpecError, match="at least 3 classes"):
        difference_of_logits_ratio(torch.zeros(1, 2), labels(0))


def test_a_tie_is_no_success_and_kappa_may_be_met_exactly():
    margin = torch.tensor([-1.0, -0.5, -1e-9, 0.0, 0.5])
    assert is_adversarial(margin).tolist() == [True, True, True, False, False]
    assert is_adversarial(margin, 0.5).tolist() == [True, True, False, False, False]
