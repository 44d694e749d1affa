"""Crossed seeds and images: by hand, by symmetry, and over images that were not drawn."""

from functools import cache

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t

from distillab.core.errors import ContractError
from distillab.metrics.intervals import seed_interval
from distillab.metrics.populations import crossed_interval


def test_the_interval_by_hand():
    """Three seeds and six images, eight with the two that are added."""
    rng = np.random.default_rng(3)
    a, b = rng.random((3, 6)) < 0.7, rng.random((3, 6)) < 0.4
    d = np.concatenate([a.astype(float) - b, [[1, -1]] * 3], axis=1)
    seed_means, image_means, mean = d.mean(axis=1), d.mean(axis=0), d.mean()
    rest = sum((d[s, i] - seed_means[s] - image_means[i] + mean) ** 2 for s in range(3) for i in range(8)) / 14
    of_images = 3 * image_means.var(ddof=1)
    image = max((of_images - rest) / 3, 0) / 8
    seed = seed_means.var(ddof=1) / 3
    half = np.sqrt(t.ppf(0.975, 2) ** 2 * seed + t.ppf(0.975, 5) ** 2 * image)
    found = crossed_interval(a, b)
    assert (found.value, found.n, found.kind) == (pytest.approx((a.astype(float) - b).mean()), 3, "seeds and images")
    assert (found.low, found.high) == (pytest.approx(max(-1, mean - half)), pytest.approx(min(1, mean + half)))


def test_models_that_never_differ_still_have_a_width():
    same = np.ones((4, 100), dtype=bool)
    found = crossed_interval(same, same)
    assert found.value == 0
    assert found.low == pytest.approx(-found.high)
    assert found.high > 1 / 100 / 2


def test_exchanging_the_models_turns_the_interval_around():
    rng = np.random.default_rng(4)
    a, b = rng.random((5, 60)) < 0.8, rng.random((5, 60)) < 0.5
    one, other = crossed_interval(a, b), crossed_interval(b, a)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


def test_below_three_seeds_no_interval_is_claimed():
    found = crossed_interval(np.ones((2, 9), dtype=bool), np.zeros((2, 9), dtype=bool))
    assert (found.value, found.low, found.high, found.n, found.kind) == (1.0, None, None, 2, "points")


def draws(rng, rounds, seeds, images, *, spread, base):
    """Two models whose images are hard or easy for both; the logits of a seed move together."""
    hard = rng.normal(0, 1.5, (rounds, 1, images))
    for shift in (0.0, -0.3):
        own, luck = rng.normal(0, 0.7, (rounds, 1, images)), rng.normal(0, spread, (rounds, seeds, 1))
        yield rng.random((rounds, seeds, images)) < expit(base + shift + hard + own + luck)


@cache
def truth(spread, base):
    """The difference over all seeds and images."""
    first, second = draws(np.random.default_rng(9), 40, 50, 2000, spread=spread, base=base)
    return first.mean() - second.mean()


@pytest.mark.parametrize(("seeds", "images"), [(3, 50), (3, 360), (10, 48), (10, 360)])
@pytest.mark.parametrize(("spread", "base"), [(0.05, 1.0), (0.5, 1.0), (0.05, 4.0), (0.5, 4.0)])
def test_it_covers_the_difference_over_all_seeds_and_images(seeds, images, spread, base):
    """400 draws, at least 95 % less three binomial errors; over the same images alone it would be too narrow."""
    rounds = 400
    a, b = draws(np.random.default_rng(1), rounds, seeds, images, spread=spread, base=base)
    found = [crossed_interval(*pair) for pair in zip(a, b, strict=True)]
    assert (
        np.mean([each.low <= truth(spread, base) <= each.high for each in found])
        > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5
    )


def test_an_interval_over_seeds_alone_says_too_little_of_other_images():
    """What the pages printed: the seeds hardly differ and the images do."""
    a, b = draws(np.random.default_rng(2), 400, 10, 360, spread=0.05, base=1.0)
    found = [seed_interval(row, resolution=1 / 360) for row in a.mean(axis=2) - b.mean(axis=2)]
    assert np.mean([each.low <= truth(0.05, 1.0) <= each.high for each in found]) < 0.9


@pytest.mark.parametrize(
    ("a", "b", "got"),
    [
        (np.ones((3, 4)), np.ones((3, 5)), r"\(3, 4\) and \(3, 5\)"),
        (np.ones(4), np.ones(4), r"\(4,\) and \(4,\)"),
        (np.ones((3, 1)), np.ones((3, 1)), r"\(3, 1\) and \(3, 1\)"),
        (np.ones((0, 4)), np.ones((0, 4)), r"\(0, 4\) and \(0, 4\)"),
    ],
)
def test_what_does_not_pair_up_is_refused(a, b, got):
    says = rf"crossed_interval: models do not pair up; expected one shape \(seeds, images\); got {got}"
    with pytest.raises(ContractError, match=says):
        crossed_interval(a.astype(bool), b.astype(bool))
