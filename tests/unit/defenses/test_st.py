"""ST against its test vector and its invariants."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distillab.defenses.st import StingyTeacher, largest_log_probs
from distillab.losses.power import power_transform
from distillab.specs.model import Domain

P = torch.tensor([[0.5, 0.25, 0.15, 0.07, 0.03]])


def released(spec, probs):
    domain = Domain((1, 8, 8), probs.shape[1], (0.5,), (0.3,))
    return spec.release({}, domain)(probs.log(), torch.empty(len(probs), 1, 8, 8))


def test_the_test_vector():
    got = released(StingyTeacher(ratio=0.4), P)
    torch.testing.assert_close(got.exp(), torch.tensor([[0.666667, 0.333333, 0, 0, 0]]), atol=1e-5, rtol=0)
    assert (got.exp()[0, 2:] == 0).all()


@pytest.mark.parametrize(("power", "first"), [(1 / 20, 0.508663), (0.25, 0.543214)])
def test_softened_answers_keep_their_zeros(power, first):
    got = power_transform(released(StingyTeacher(ratio=0.4), P), power)
    torch.testing.assert_close(got, torch.tensor([[first, 1 - first, 0, 0, 0]]), atol=1e-5, rtol=0)


def test_zeros_commute_with_the_temperature():
    z = torch.randn(8, 6, generator=torch.Generator().manual_seed(0))
    masked = torch.full_like(z, -torch.inf).scatter(1, z.topk(3).indices, z.topk(3).values)
    torch.testing.assert_close(power_transform(largest_log_probs(z.log_softmax(1), 3), 0.25), (masked / 4).softmax(1))


@pytest.mark.parametrize(
    ("ratio", "classes", "kept"),
    [(0.1, 100, 10), (0.1, 200, 20), (0.1, 1000, 100), (0.2, 10, 2), (0.29, 100, 29), (0.01, 10, 1), (1, 7, 7)],
)
def test_how_many_are_kept(ratio, classes, kept):
    assert StingyTeacher(ratio=ratio).kept(classes) == kept


rows = st.integers(2, 12).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 4), min_size=k, max_size=k).filter(any), min_size=1, max_size=5)
)


@settings(max_examples=60, deadline=None)
@given(rows, st.floats(0.05, 1))
def test_argmax_and_support_even_with_ties_and_zeros(counts, ratio):
    probs = torch.tensor(counts, dtype=torch.float32)
    log_probs = (probs / probs.sum(1, keepdim=True)).log()
    kept = StingyTeacher(ratio=ratio).kept(probs.shape[1])
    got = largest_log_probs(log_probs, kept).exp()
    assert torch.equal(got.argmax(1), probs.argmax(1))
    assert torch.equal((got > 0).sum(1), (probs > 0).sum(1).clamp_max(kept))
    torch.testing.assert_close(got.sum(1), torch.ones(len(got)))
    torch.testing.assert_close(largest_log_probs(got.log(), kept).exp(), got)


def test_of_equal_ones_the_first_are_kept():
    got = largest_log_probs(torch.full((3, 1000), 1 / 1000).log(), 3)
    assert torch.equal(got.isfinite().nonzero()[:, 1], torch.arange(3).repeat(3))


def test_all_kept_changes_nothing_and_one_kept_is_one_hot():
    torch.testing.assert_close(largest_log_probs(P.log(), 5).exp(), P)
    assert torch.equal(largest_log_probs(P.log(), 1).exp(), torch.eye(5)[:1])


@pytest.mark.parametrize("ratio", [0, 1.1])
def test_impossible_ratios_are_refused(ratio):
    with pytest.raises(ValueError, match="ratio"):
        StingyTeacher(ratio=ratio)
