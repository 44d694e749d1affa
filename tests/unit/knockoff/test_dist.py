"""DIST against its test vector, its invariances and its degenerate batches."""

import pytest
import torch
import torch.nn.functional as F

from distillab.knockoff.dist import DIST, inter_loss, intra_loss

Y_S = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4]])
Y_T = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.4, 0.1, 0.5]])


def test_the_test_vector():
    assert inter_loss(Y_S, Y_T).mean().item() == pytest.approx(0.11371605, abs=1e-5)
    assert intra_loss(Y_S, Y_T).item() == pytest.approx(0.02509015, abs=1e-5)


def test_the_terms_are_the_losses_of_the_outputs(terms_of):
    y = torch.tensor([0, 1, 2])
    got = terms_of(DIST(inter_weight=2, intra_weight=3, hard_weight=0.5), Y_S.log(), Y_T, y)
    torch.testing.assert_close(got["inter"], 2 * inter_loss(Y_S, Y_T))
    torch.testing.assert_close(got["intra"], (3 * intra_loss(Y_S, Y_T)).expand(3))
    torch.testing.assert_close(got["cross_entropy"], 0.5 * F.cross_entropy(Y_S.log(), y, reduction="none"))


def test_the_temperature_softens_both_and_rescales(terms_of):
    y = torch.tensor([0, 1, 2])
    got = terms_of(DIST(temperature=4), Y_S.log(), Y_T, y)
    softened = [(p.log() / 4).softmax(1) for p in (Y_S, Y_T)]
    torch.testing.assert_close(got["inter"], 16 * inter_loss(*softened))
    torch.testing.assert_close(got["intra"], (16 * intra_loss(*softened)).expand(3))


def test_equal_outputs_have_nothing_to_learn():
    assert inter_loss(Y_T, Y_T).abs().max() < 1e-6
    assert intra_loss(Y_T, Y_T).abs() < 1e-6


def test_a_row_may_be_scaled_and_shifted_between_images():
    scales, shifts = torch.tensor([[2.0], [0.5], [3.0]]), torch.tensor([[1.0], [-1.0], [0.3]])
    torch.testing.assert_close(inter_loss(scales * Y_S + shifts, Y_T), inter_loss(Y_S, Y_T), atol=1e-5, rtol=1e-4)


def test_a_column_may_be_scaled_and_shifted_between_classes():
    scales, shifts = torch.tensor([[2.0, 0.5, 3.0]]), torch.tensor([[1.0, -1.0, 0.3]])
    torch.testing.assert_close(intra_loss(scales * Y_S + shifts, Y_T), intra_loss(Y_S, Y_T), atol=1e-5, rtol=1e-4)


def test_opposite_outputs_are_as_far_as_can_be():
    torch.testing.assert_close(inter_loss(1 - Y_T, Y_T), torch.full((3,), 2.0))
    torch.testing.assert_close(intra_loss(1 - Y_T, Y_T), torch.tensor(2.0))


def test_one_is_the_transpose_of_the_other():
    torch.testing.assert_close(intra_loss(Y_S, Y_T), inter_loss(Y_S.T, Y_T.T).mean())


@pytest.mark.parametrize("teacher", [Y_T[:1], torch.full((1, 3), 1 / 3), torch.eye(3)[:1]])
def test_a_single_image_correlates_with_no_other(teacher):
    z_s = Y_S[:1].log().requires_grad_()
    student = z_s.softmax(1)
    intra = intra_loss(student, teacher)
    assert intra.item() == 1
    (intra + inter_loss(student, teacher).sum()).backward()
    assert z_s.grad.isfinite().all()


def test_a_uniform_answer_says_nothing():
    z_s = Y_S.log().requires_grad_()
    inter = inter_loss(z_s.softmax(1), torch.full((3, 3), 1 / 3))
    inter.sum().backward()
    torch.testing.assert_close(inter, torch.ones(3))
    assert z_s.grad.abs().max() < 1


def test_exact_zeros_are_zeros_at_every_temperature(terms_of):
    p = torch.tensor([[0.8, 0.2, 0.0]])
    softened = torch.tensor([[0.8**0.25, 0.2**0.25, 0.0]])
    got = terms_of(DIST(temperature=4), Y_S[:1].log(), p, torch.tensor([0]))
    expected = 16 * inter_loss((Y_S[:1].log() / 4).softmax(1), softened)
    torch.testing.assert_close(got["inter"], expected)
