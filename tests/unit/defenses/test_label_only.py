"""The label-only API: one answer per predicted class."""

import pytest
import torch

from distillab.defenses.label_only import LabelOnly
from distillab.specs.model import Domain

LOG_P = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.4, 0.4, 0.2]]).log()


def released(spec, log_probs=LOG_P):
    return spec.release({}, Domain((1, 8, 8), 3, (0.5,), (0.3,)))(log_probs, torch.empty(len(log_probs), 0)).exp()


def test_it_is_the_smoothed_predicted_label():
    expected = torch.full((4, 3), 0.1).scatter(1, torch.tensor([[0], [0], [2], [0]]), 0.8)
    torch.testing.assert_close(released(LabelOnly(label_smoothing=0.3)), expected)


def test_without_smoothing_all_else_is_exactly_zero():
    assert torch.equal(released(LabelOnly(label_smoothing=0)), torch.eye(3)[[0, 0, 2, 0]])


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.99])
def test_the_prediction_and_the_mass_are_kept(smoothing):
    got = released(LabelOnly(label_smoothing=smoothing))
    assert torch.equal(got.argmax(1), LOG_P.argmax(1))
    torch.testing.assert_close(got.sum(1), torch.ones(4))


def test_nothing_else_of_the_output_is_told():
    got = released(LabelOnly())
    assert torch.equal(got[0], got[1])


def test_exact_zeros_in_are_no_special_case():
    torch.testing.assert_close(released(LabelOnly(label_smoothing=0.3), torch.eye(3).log()), 0.1 + 0.7 * torch.eye(3))


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_impossible_smoothing_is_refused(smoothing):
    with pytest.raises(ValueError, match="label_smoothing"):
        LabelOnly(label_smoothing=smoothing)
