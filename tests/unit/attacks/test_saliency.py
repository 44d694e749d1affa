"""The pruned pair search against brute force over all pairs."""

import pytest
import torch

from distillab.attacks import saliency
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


def many(slope, n=24, m=150):
    """Rows of features, some of them equal, with more or less of a trade-off between t and a."""
    generator = torch.Generator().manual_seed(1)
    t, noise = torch.randn(2, n, m, generator=generator, dtype=torch.float64)
    a = slope * t + (1 - abs(slope)) * noise
    t[::3], a[::3] = t[::3].round(decimals=1), a[::3].round(decimals=1)
    return t, a, torch.rand(n, m, generator=generator) < torch.linspace(0.01, 1, n)[:, None]


@pytest.mark.parametrize("slope", [0.0, -0.7, -1.0, 0.9])
def test_no_pair_of_many_features_is_better(slope):
    t, a, free = many(slope)
    sums_t, sums_a = t[:, :, None] + t[:, None], a[:, :, None] + a[:, None]
    allowed = (sums_t > 0) & (sums_a > 0) & free[:, :, None] & free[:, None] & ~torch.eye(t.shape[1], dtype=torch.bool)
    expected = torch.where(allowed, sums_t * sums_a, -torch.inf).flatten(1).amax(dim=1)
    pairs, found = best_pair(t, a, free)
    assert torch.equal(found, expected.isfinite())
    assert free.gather(1, pairs)[found].all()
    product = t.gather(1, pairs).sum(dim=1) * a.gather(1, pairs).sum(dim=1)
    assert torch.equal(product[found], expected[found])


def test_a_feature_below_a_single_other_is_its_partner():
    """The last feature has the smallest t, and only the first has a larger a: (5 + 0) (5 + 4.9) is the most."""
    t = torch.cat([torch.tensor([5.0]), torch.linspace(1, 0.1, 60), torch.tensor([0.0])]).double()[None]
    a = torch.cat([torch.tensor([5.0]), torch.full((60,), -1.0), torch.tensor([4.9])]).double()[None]
    pairs, found = best_pair(t, a, torch.ones(1, 62, dtype=torch.bool))
    assert found.all()
    assert set(pairs[0].tolist()) == {0, 61}


@pytest.mark.parametrize("slope", [0.0, -1.0])
def test_a_row_has_the_same_pair_alone_and_in_small_tables(slope, monkeypatch):
    t, a, free = many(slope)
    together, _ = best_pair(t, a, free)
    alone = torch.cat([best_pair(*row)[0] for row in zip(t.split(1), a.split(1), free.split(1), strict=True)])
    monkeypatch.setattr(saliency, "TABLE", 1)
    for pairs in (alone, best_pair(t, a, free)[0]):
        assert torch.equal(pairs, together)


def test_few_of_many_features_are_compared():
    """About 16 of 784 by the specification; all would be 614,656 products per image."""
    t, a, _ = many(0.0, n=8, m=784)
    survivors = saliency._two_layers(t, a)
    assert (survivors >= 0).sum(dim=1).double().mean() < 25


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


def test_a_single_feature_is_no_pair():
    t, a = torch.tensor([[3.0], [-1.0]]), torch.tensor([[2.0], [1.0]])
    free = torch.ones(2, 1, dtype=torch.bool)
    for pairs, found in (best_pair(t, a, free), top_pair(t, free)):
        assert pairs.shape == (2, 2)
        assert pairs.max() == 0
        assert found.tolist() == [False, False]


def test_two_features_are_one_pair():
    t, free = torch.tensor([[3.0, -1.0], [-3.0, 1.0]]), torch.ones(2, 2, dtype=torch.bool)
    pairs, found = top_pair(t, free)
    assert pairs.sort(dim=1).values.tolist() == [[0, 1], [0, 1]]
    assert found.tolist() == best_pair(t, t, free)[1].tolist() == [True, False]
