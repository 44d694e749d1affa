from math import sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from distillab.core.errors import ContractError
from distillab.metrics.intervals import Estimate, image_difference, seed_difference, seed_interval, wilson


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_solve_the_score_equation(case):
    successes, n = case
    estimate, z = wilson(successes, n), 1.959963984540054
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    for bound in (estimate.low, estimate.high):
        score = abs(estimate.value - bound) - z * sqrt(bound * (1 - bound) / n)
        assert score == pytest.approx(0.0, abs=1e-9)


def test_wilson_at_the_ends_is_still_an_interval():
    assert wilson(0, 10).low == 0.0
    assert wilson(0, 10).high == pytest.approx(1.959963984540054**2 / (10 + 1.959963984540054**2))
    assert wilson(10, 10).high == 1.0


@pytest.mark.parametrize("case", [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(case):
    with pytest.raises(ContractError):
        wilson(*case)


def test_seed_interval_is_students():
    estimate = seed_interval([1.0, 2.0, 3.0])
    half = 4.302652729911275 * 1.0 / sqrt(3)
    assert (estimate.value, estimate.n, estimate.kind) == (2.0, 3, "seeds")
    assert estimate.low == pytest.approx(2 - half)
    assert estimate.high == pytest.approx(2 + half)


def test_fewer_than_three_seeds_claim_no_interval():
    estimate = seed_interval([0.5, 0.7])
    assert estimate.value == pytest.approx(0.6)
    assert (estimate.low, estimate.high, estimate.n, estimate.kind) == (None, None, 2, "points")


def test_bounds_are_cut_at_what_the_quantity_cannot_leave():
    estimate = seed_interval([0.9, 1.0, 0.95], within=(0.8, 1.05))
    assert (estimate.low, estimate.high) == (pytest.approx(0.95 - 0.12421, abs=1e-5), 1.05)


def test_a_diverged_seed_is_an_error_and_not_a_nan():
    with pytest.raises(ContractError, match="not finite"):
        seed_interval([0.5, float("nan"), 0.6])
    with pytest.raises(ContractError, match="pair up"):
        seed_interval([])


def test_seed_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = [
        estimate.low <= 0 <= estimate.high for estimate in (seed_interval(row) for row in rng.normal(size=(2000, 3)))
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_pairing_removes_what_both_arms_share():
    shared = np.array([0.1, 0.5, 0.9, 0.3])
    estimate = seed_difference(shared + np.array([0.01, 0.02, 0.01, 0.02]), shared)
    assert estimate.value == pytest.approx(0.015)
    assert estimate.low > 0
    with pytest.raises(ContractError):
        seed_difference([0.1, 0.2], [0.1])


def test_a_difference_of_seeds_is_cut_where_it_cannot_be():
    """Differences 1, -0.5 and 1: half of Student's interval is 4.302652 * 0.866025 / sqrt(3)."""
    first, second = [1.0, 0.25, 1.0], [0.0, 0.75, 0.0]
    half = 4.302652729911275 / 2
    whole = seed_difference(first, second)
    assert (whole.value, whole.low, whole.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half))
    cut = seed_difference(first, second, within=(-1, 1))
    assert (cut.value, cut.low, cut.high) == (0.5, -1, 1)


def test_image_difference_is_paired_seeded_and_antisymmetric_in_value():
    rng = np.random.default_rng(1)
    a, b = rng.random(300) < 0.9, rng.random(300) < 0.6
    estimate = image_difference(a, b, seed=3)
    assert estimate == image_difference(a, b, seed=3)
    assert estimate.value == pytest.approx(a.mean() - b.mean())
    assert 0 < estimate.low < estimate.value < estimate.high
    assert image_difference(b, a, seed=3).value == -estimate.value
    error = np.std(a.astype(float) - b) / sqrt(300)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_image_difference_leans_towards_the_long_tail():
    skewed = np.random.default_rng(2).exponential(size=40) ** 2
    estimate = image_difference(skewed, np.zeros(40), seed=0)
    assert estimate.high - estimate.value > 1.2 * (estimate.value - estimate.low)


@pytest.mark.filterwarnings("error")
def test_equal_differences_claim_no_interval():
    estimate = image_difference(np.ones(10), np.zeros(10), seed=0)
    assert (estimate.value, estimate.low, estimate.high, estimate.kind) == (1.0, None, None, "points")


def test_failures_cannot_enter_a_difference_of_distances():
    with pytest.raises(ContractError, match="not finite"):
        image_difference([1.0, np.inf], [1.0, 2.0], seed=0)


def test_wilson_by_hand():
    """3 of 4: z^2 = 3.8415, center (0.75 + 0.4802) / 1.9604, half-width 1.96 sqrt(0.0469 + 0.0600) / 1.9604."""
    estimate = wilson(3, 4)
    assert (estimate.value, estimate.n, estimate.kind) == (0.75, 4, "images")
    assert estimate.low == pytest.approx(0.30064, abs=1e-5)
    assert estimate.high == pytest.approx(0.95441, abs=1e-5)
    assert wilson(1, 1).high == 1.0
    assert wilson(1, 1).low == pytest.approx(1 / (1 + 1.959963984540054**2))


def test_the_lower_bound_is_cut_too():
    assert seed_interval([0.0, 0.1, 0.02], within=(0.01, 0.5)).low == 0.01
    assert seed_interval([0.0, 0.1, 0.02], within=(-1.0, 0.08)).high == 0.08
    uncut = seed_interval([0.0, 0.1, 0.02])
    assert (uncut.low, uncut.high) == (pytest.approx(0.04 - 0.13145, abs=1e-5), pytest.approx(0.04 + 0.13145, abs=1e-5))


def test_narrow_numbers_are_widened_before_they_are_subtracted_or_averaged():
    narrow = np.array([0.1, 0.7, 0.4], dtype=np.float32)
    assert seed_interval(narrow) == seed_interval(narrow.astype(np.float64))
    counts = np.array([1, 2, 3], dtype=np.uint8)
    assert seed_difference(counts, counts + 1).value == -1.0
    assert image_difference(counts, counts * 2, seed=0).value == -2.0


def test_a_seed_difference_is_students_interval_of_the_differences():
    assert seed_difference([0.5, 0.9, 0.4], [0.1, 0.2, 0.3]) == seed_interval([0.4, 0.7, 0.1])


def test_images_are_resampled_by_a_bca_bootstrap_of_bounded_memory(monkeypatch):
    asked = []

    def bootstrap(data, statistic, **options):
        asked.append((data[0].tolist(), statistic, options))
        return SimpleNamespace(confidence_interval=(0.1, 0.3))

    monkeypatch.setattr("scipy.stats.bootstrap", bootstrap)
    estimate = image_difference([1.0, 0.5, 0.0], [0.5, 0.5, 0.5], seed=7)
    assert estimate == Estimate(0.0, 0.1, 0.3, 3, "images")
    ((differences, statistic, options),) = asked
    assert (differences, statistic) == ([0.5, 0.0, -0.5], np.mean)
    assert options.pop("rng").random() == np.random.default_rng(7).random()
    assert options == {"confidence_level": 0.95, "n_resamples": 1999, "batch": 1 + 2**22 // 3, "method": "BCa"}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: wilson(0, 0), "wilson: not a share; expected 0 <= successes <= n; got 0 of 0"),
        (lambda: wilson(6, 5), "wilson: not a share; expected 0 <= successes <= n; got 6 of 5"),
        (lambda: wilson(-1, 5), "wilson: not a share; expected 0 <= successes <= n; got -1 of 5"),
        (lambda: seed_interval([]), r"seed_interval: arrays do not pair up; expected equal lengths >= 1; got \[0\]"),
        (lambda: seed_interval([1, np.inf]), r"seed_interval: a seed's value is not finite; got \[1.0, inf\]"),
        (lambda: seed_difference([1, 2], [1]), r"seed_difference: arrays do not pair up; .*; got \[2, 1\]"),
        (lambda: image_difference([1, 2], [1], seed=0), r"image_difference: arrays do not pair up; .*; got \[2, 1\]"),
        (
            lambda: image_difference([1, np.inf], [1, 0], seed=0),
            "image_difference: an image's difference is not finite; compare finite pairs",
        ),
    ],
)
def test_errors_say_where_and_what(call, says):
    with pytest.raises(ContractError, match=f"^{says}$"):
        call()


def test_a_spread_over_seeds_is_one_image_at_least():
    """Of 200 images, by Student's quantile with two degrees of freedom; a larger spread is its own."""
    half = 4.302652729911275 / 200 / 3**0.5
    same = seed_interval([0.5, 0.5, 0.5], resolution=1 / 200)
    assert (same.low, same.high) == pytest.approx((0.5 - half, 0.5 + half))
    wide = [0.4, 0.5, 0.6]
    assert seed_interval(wide, resolution=1 / 200) == seed_interval(wide)
    assert seed_difference(wide, wide, resolution=1 / 200).high == pytest.approx(half)


def test_coverage_on_the_grid_of_images_is_what_it_says():
    """Accuracies of three seeds over 360 images, each as likely right as the others: without the floor 51 to 95 %."""
    rng, truth, rounds = np.random.default_rng(7), 0.999, 1500
    covered = {0.0: 0, 1 / 360: 0}
    for accuracies in rng.binomial(360, truth, size=(rounds, 3)) / 360:
        for step in covered:
            found = seed_interval(accuracies, within=(0, 1), resolution=step)
            covered[step] += found.low <= truth <= found.high
    assert covered[0.0] / rounds < 0.8
    assert covered[1 / 360] / rounds > 0.94


def test_a_share_over_seeds_is_wilsons_by_hand():
    """Mean 0.9, sd 0.1, n 3: factor t^2 sd^2 / n / (0.9 * 0.1) = 0.68567; t of two degrees of freedom."""
    found = seed_interval([0.8, 0.9, 1.0], within=(0, 1), resolution=1 / 200)
    factor = 4.302652729911275**2 * 0.01 / 3 / 0.09
    for bound in (found.low, found.high):
        assert (bound - 0.9) ** 2 == pytest.approx(factor * bound * (1 - bound))
    assert 0 < found.low < 0.9 < found.high < 1


@pytest.mark.parametrize("n", [3, 10])
def test_a_share_at_its_end_is_bounded_as_one_image_less_would_be(n):
    """All of 200 images right in all seeds: the variance of one image in 200, as good as binomial."""
    low = seed_interval([1.0] * n, within=(0, 1), resolution=1 / 200)
    high = seed_interval([0.0] * n, within=(0, 1), resolution=1 / 200)
    factor = stdtrit(n - 1, 0.975) ** 2 / 200**2 / n / (0.995 * 0.005)
    assert (low.low, low.high) == (pytest.approx(1 / (1 + factor)), 1.0)
    assert (high.low, high.high) == (0.0, pytest.approx(1 - 1 / (1 + factor)))
    assert seed_interval([1.0] * 3, within=(0, 1), resolution=1.0).low < 0.2
    without = seed_interval([1.0] * 3, within=(0, 1))
    assert (without.low, without.high) == (1.0, 1.0)


def test_in_the_middle_a_share_over_seeds_is_students():
    values = [0.5, 0.502, 0.504, 0.498]
    share, student = seed_interval(values, within=(0, 1)), seed_interval(values)
    assert (share.low, share.high) == pytest.approx((student.low, student.high), abs=1e-5)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize(("images", "truth", "over"), [
    (360, 0.5, 0.01), (360, 0.98, 0.0), (360, 0.98, 0.001), (360, 0.999, 0.001), (10000, 0.98, 0.001),
    (10000, 0.999, 0.0), (10000, 0.999, 0.0003),
])  # fmt: skip
def test_shares_near_their_end_are_covered_as_often_as_it_says(n, images, truth, over):
    """Beta-binomial accuracies of 1,500 draws; clipping Student's interval covered 88 to 90 % at 0.999 of 10,000."""
    rng, rounds = np.random.default_rng(n), 1500
    rates = rng.beta(truth * (1 / over - 1), (1 - truth) * (1 / over - 1), (rounds, n)) if over else truth
    covered = 0
    for row in rng.binomial(images, rates, size=(rounds, n)) / images:
        found = seed_interval(row, within=(0, 1), resolution=1 / images)
        assert 0 <= found.low < found.high <= 1
        covered += found.low <= truth <= found.high
    assert covered / rounds > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5


def test_the_first_rule_had_no_width_where_seeds_agree():
    """Student's interval without a floor, on the grid of 360 images: no width at all in a fifth of the draws."""
    drawn = np.random.default_rng(8).binomial(360, 0.999, size=(2000, 3)) / 360
    assert np.mean(np.ptp(drawn, axis=1) == 0) > 0.2
    found = [seed_interval(row, within=(0, 1), resolution=1 / 360) for row in drawn]
    assert min(each.high - each.low for each in found) > 1 / 360
