"""Accuracies read backwards as numbers of labels: by hand, at the ends, and how often the interval holds."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from distillab.core.errors import ContractError
from distillab.metrics.label_curve import (
    LabelWorth,
    Reading,
    equivalent_labels,
    isotonic,
    labels_for,
    labels_per_answer,
)

LABELS = [10, 100, 1000]


def seeds(values):
    return {seed: float(value) for seed, value in enumerate(values)}


def flat(**points):
    """A curve of three seeds that agree."""
    return {int(n[1:]): seeds([value] * 3) for n, value in points.items()}


CURVE = flat(n10=0.5, n100=0.7, n1000=0.9)


@pytest.mark.parametrize(
    ("accuracy", "labels"),
    [(0.5, 10), (0.6, 10**1.5), (0.7, 100), (0.75, 10**2.25), (0.9, 1000), (0.49, -np.inf), (0.91, np.inf)],
)
def test_a_number_of_labels_is_linear_in_its_logarithm(accuracy, labels):
    assert labels_for(np.array([accuracy]), np.array([0.5, 0.7, 0.9]), LABELS)[0] == pytest.approx(labels)


def test_on_a_plateau_the_fewest_labels_count():
    curve = np.array([0.5, 0.7, 0.7])
    assert labels_for(np.array([0.7, 0.7001]), curve, LABELS).tolist() == pytest.approx([100, np.inf])
    assert labels_for(np.array([0.5]), np.array([0.5, 0.5, 0.7]), LABELS).tolist() == [10]


def test_a_curve_of_one_point_has_two_ends():
    assert labels_for(np.array([0.4, 0.5, 0.6]), np.array([0.5]), [30]).tolist() == [-np.inf, 30, np.inf]


def test_isotonic_is_the_least_squares_fit():
    rng = np.random.default_rng(0)
    curves, weights = rng.normal(size=(50, 7)), rng.integers(1, 9, 7)
    for curve, fitted in zip(curves, isotonic(curves, weights), strict=True):
        assert fitted == pytest.approx(isotonic_regression(curve, weights=weights).x)


def test_a_curve_that_dips_is_pooled_before_it_is_read():
    """0.72 and 0.68 of three seeds each are 0.7 at both: reached with 100 labels."""
    worth = equivalent_labels(flat(n10=0.5, n100=0.72, n1000=0.68), seeds([0.7] * 3), n_test=1000, seed=0)
    assert worth.value == Reading(pytest.approx(100))


def test_where_nothing_spreads_the_interval_is_the_value_of_the_pool_weighted_by_seeds():
    """0.72 of nine seeds and 0.68 of three are 0.71 at both."""
    curve = {10: seeds([0.5] * 3), 100: seeds([0.72] * 9), 1000: seeds([0.68] * 3), 10_000: seeds([0.91] * 3)}
    worth = equivalent_labels(curve, seeds([0.81] * 3), n_test=10**9, seed=0)
    assert worth.value.value == pytest.approx(10**3.5)
    assert (worth.low.value, worth.high.value) == pytest.approx((10**3.5, 10**3.5), rel=1e-4)


def test_beyond_the_ends_the_reading_says_so():
    """The first prints as > 1,000, the second as < 10."""
    above = equivalent_labels(CURVE, seeds([0.95] * 3), n_test=1000, seed=0)
    below = equivalent_labels(CURVE, seeds([0.4] * 3), n_test=1000, seed=0)
    assert above == LabelWorth(Reading(1000.0, 1), Reading(1000.0, 1), Reading(1000.0, 1), 3)
    assert below == LabelWorth(Reading(10.0, -1), Reading(10.0, -1), Reading(10.0, -1), 3)
    near = equivalent_labels(CURVE, seeds([0.89, 0.9, 0.91]), n_test=1000, seed=0)
    assert near.value.beyond == near.low.beyond == 0
    assert near.high == Reading(1000.0, 1)


def test_seeds_that_agree_have_the_spread_of_one_image():
    wide, narrow = (equivalent_labels(CURVE, seeds([0.8] * 3), n_test=n, seed=0) for n in (100, 10000))
    for worth in (wide, narrow):
        assert worth.low.value < worth.value.value < worth.high.value
    assert wide.high.value - wide.low.value > 10 * (narrow.high.value - narrow.low.value)


def test_the_width_of_one_image_by_hand():
    """Three agreeing seeds and a curve that is known: Student's half width of one image, over 0.2 a decade."""
    curve = {n: dict(enumerate([value] * 2000)) for n, value in zip(LABELS, (0.5, 0.7, 0.9), strict=True)}
    worth = equivalent_labels(curve, seeds([0.8] * 3), n_test=200, seed=0)
    half = 4.302652729911275 / 200 / 3**0.5 / 0.2
    assert np.log10(worth.high.value / worth.low.value) == pytest.approx(2 * half, rel=0.1)


def test_what_a_seed_does_to_both_curves_cancels():
    """A label set that is good for the students is as good for the knockoff, if they have it in common."""
    luck = np.linspace(-0.03, 0.03, 8)
    curve = {n: seeds(value + luck) for n, value in zip(LABELS, (0.5, 0.7, 0.9), strict=True)}
    paired = equivalent_labels(curve, seeds(0.8 + luck), n_test=1000, seed=0)
    crossed = equivalent_labels(curve, seeds(0.8 - luck), n_test=1000, seed=0)
    assert np.log(crossed.high.value / crossed.low.value) > 2 * np.log(paired.high.value / paired.low.value)


def test_below_three_seeds_there_is_a_value_and_no_interval():
    worth = equivalent_labels(CURVE, seeds([0.8, 0.8]), n_test=1000, seed=0)
    assert (worth.value, worth.low, worth.high, worth.seeds) == (Reading(pytest.approx(10**2.5)), None, None, 2)
    short = CURVE | {100: seeds([0.7, 0.7])}
    assert equivalent_labels(short, seeds([0.8] * 3), n_test=1000, seed=0).low is None
    assert labels_per_answer(worth, labels=10, queries=10).low is None


def test_labels_per_answer_by_hand():
    worth = LabelWorth(Reading(388.0), Reading(230.0), Reading(1437.0, 1), 6)
    each = labels_per_answer(worth, labels=30, queries=1000)
    assert each == LabelWorth(Reading(0.358), Reading(0.2), Reading(1.407, 1), 6)
    with pytest.raises(ContractError, match=r"^labels_per_answer: no answers; expected queries >= 1; got 0$"):
        labels_per_answer(worth, labels=30, queries=0)


def test_the_bootstrap_is_seeded():
    knockoff = seeds([0.78, 0.8, 0.83])
    one, same, other = (equivalent_labels(CURVE, knockoff, n_test=360, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.low != other.low


@pytest.mark.parametrize("common", [0.0, 0.7])
@pytest.mark.parametrize(("n", "m"), [(3, 3), (5, 15), (12, 12)])
@pytest.mark.parametrize("labels", [80, 388])
def test_the_interval_holds_as_often_as_it_says(labels, n, m, common):
    """300 draws: at least 95 % less three binomial errors, of the curve that joins the measured points."""
    rng, points, rounds = np.random.default_rng(5), np.array([30, 60, 120, 240, 480, 1437]), 150
    truth = 0.97 - 2 * points**-0.6
    accuracy, covered = np.interp(np.log(labels), np.log(points), truth), 0
    for draw in range(rounds):
        luck = rng.normal(size=m)
        noise = common**0.5 * luck + (1 - common) ** 0.5 * rng.normal(size=(7, m))
        runs = np.append(truth, accuracy)[:, None] + 0.015 * noise
        counted = (np.round(360 * runs) / 360).clip(0, 1)
        curve = {int(n): seeds(row) for n, row in zip(points, counted[:-1], strict=True)}
        worth = equivalent_labels(curve, seeds(counted[-1, :n]), n_test=360, seed=draw)
        low = -np.inf if worth.low.beyond < 0 else worth.low.value
        high = np.inf if worth.high.beyond > 0 else worth.high.value
        covered += low <= labels <= high
    assert covered / rounds > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5


def test_what_is_no_curve_is_refused():
    for curve in ({}, {0: seeds([0.5])}):
        with pytest.raises(ContractError, match=r"^equivalent_labels: no label curve; expected labels >= 1; got "):
            equivalent_labels(curve, seeds([0.5]), n_test=100, seed=0)
    with pytest.raises(ContractError, match="10 labels: no accuracies"):
        equivalent_labels({10: {}}, seeds([0.5]), n_test=100, seed=0)
    with pytest.raises(ContractError, match="knockoff: no accuracies"):
        equivalent_labels({10: seeds([0.5])}, seeds([50]), n_test=100, seed=0)
