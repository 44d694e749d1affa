"""The pruned pair search against brute force over all pairs."""

import pytest
import torch

from distillab.attacks.saliency import best_pair, top_pair


def brute_force(t, a, free):
    """The largest admissible product over all pairs; None where there is none."""
    best = None
    for p in range(len(t)):
        for q in range(p + 1, len(t)):
            if free[p] and free[q] and t[p] + t[q] > 0 and a[p] + a[q] > 0:
                best = max(best or 0, float((t[p] + t[q]) * (a[p] + a[q])))
    return best


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize("shift", [0.0, -1.5, 1.0])
def test_the_pair_is_as_good_as_the_best_of_all(ties, shift):
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        t, a = torch.randn(2, 14, generator=generator, dtype=torch.float64) + shift
        if ties:
            t, a = t.round(), a.round()
        free = torch.rand(14, generator=generator) < 0.7
        pair, found = best_pair(t[None], a[None], free[None])
        expected = brute_force(t, a, free)
        assert bool(found) == (expected is not None)
        if expected is not None:
            p, q = pair[0].tolist()
            assert p != q
            assert free[p]
            assert free[q]
            assert float((t[p] + t[q]) * (a[p] + a[q])) == pytest.approx(expected, rel=1e-12)


def test_for_probabilities_it_is_the_two_largest():
    t = torch.tensor([[0.3, -0.2, 0.9, 0.5], [-1.0, -0.1, -0.2, -3.0]])
    free = torch.tensor([[True, True, True, False], [True] * 4])
    pairs, found = top_pair(t, free)
    assert set(pairs[0].tolist()) == {0, 2}
    assert found.tolist() == [True, False]
    best, also = best_pair(t.double(), t.double(), free)
    assert set(best[0].tolist()) == {0, 2}
    assert also.tolist() == found.tolist()


def test_one_free_feature_is_no_pair():
    pair, found = best_pair(torch.ones(1, 3), torch.ones(1, 3), torch.tensor([[True, False, False]]))
    assert not found.any()
    assert pair.shape == (1, 2)
    assert not top_pair(torch.ones(1, 3), torch.tensor([[True, False, False]]))[1].any()
