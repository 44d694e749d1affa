"""Several models against one: Dunnett's distribution and the differences that are judged by it."""

import numpy as np
import pytest
from scipy.stats import multivariate_t, t

from distillab.core.errors import ContractError
from distillab.metrics.dunnett import differences_from, dunnett_p, dunnett_quantile
from distillab.metrics.moderated import PRIOR_CAP


def seeds(values, start=0):
    return {start + seed: float(value) for seed, value in enumerate(values)}


@pytest.mark.parametrize(("df", "quantiles"), [(10, (2.23, 2.57, 2.76, 2.89)), (20, (2.09, 2.38, 2.54, 2.65))])
def test_quantiles_of_the_published_table(df, quantiles):
    """Two-sided 5 % points for one to four comparisons (Dunnett 1964, table II)."""
    found = [dunnett_quantile(k, df, 0.05) for k in range(1, 5)]
    assert found == pytest.approx(quantiles, abs=0.006)


@pytest.mark.parametrize("df", [2, 5.5, 40])
@pytest.mark.parametrize("statistic", [0.5, 2.0, 6.0])
def test_one_comparison_is_students(statistic, df):
    assert dunnett_p(statistic, 1, df) == pytest.approx(2 * t.sf(statistic, df), abs=2e-5)
    assert dunnett_p(-statistic, 1, df) == dunnett_p(statistic, 1, df)


def test_it_is_the_equicorrelated_multivariate_t():
    correlation = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    box = multivariate_t(shape=correlation, df=7, seed=0)
    inside = box.cdf(np.full(4, 2.5), lower_limit=np.full(4, -2.5), maxpts=400000)
    assert dunnett_p(2.5, 4, 7) == pytest.approx(1 - inside, abs=1e-3)


def test_more_comparisons_never_make_a_difference_clearer():
    p = [dunnett_p(2.7, k, 9) for k in range(1, 12)]
    assert p == sorted(p)
    assert p[-1] < 11 * p[0]


def test_differences_by_hand():
    """One model: its own variance and Student's interval."""
    reference, other = seeds([0.9, 0.91, 0.92, 0.9]), seeds([0.88, 0.9, 0.89, 0.89])
    gaps = np.array([-0.02, -0.01, -0.03, -0.01])
    (found,) = differences_from(reference, {"other": other}, n_test=1000).values()
    error = gaps.std(ddof=1) / 2
    half = t.ppf(0.975, 3) * error
    assert (found.value, found.error, found.df, found.n) == pytest.approx((gaps.mean(), error, 3, 4))
    assert (found.low, found.high) == pytest.approx((gaps.mean() - half, gaps.mean() + half), abs=1e-5)
    assert found.p == pytest.approx(2 * t.sf(abs(gaps.mean()) / error, 3), abs=1e-4)


def test_only_seeds_in_common_count_and_three_are_needed():
    reference = seeds([0.9, 0.9, 0.9, 0.9, 0.9])
    found = differences_from(reference, {"a": seeds([0.8] * 5, start=2), "b": seeds([0.8] * 5, start=3)}, n_test=100)
    assert (found["a"].n, found["b"].n) == (3, 2)
    assert found["a"].low is not None
    assert (found["b"].low, found["b"].high, found["b"].p, found["b"].df) == (None, None, None, 0)
    assert found["b"].value == pytest.approx(-0.1)
    half = t.ppf(0.975, found["a"].df) * found["a"].error
    assert found["a"].high - found["a"].value == pytest.approx(half, rel=1e-3), "one comparison, not two"


def test_agreeing_seeds_have_the_error_of_one_image():
    (found,) = differences_from(seeds([0.9] * 4), {"a": seeds([0.9] * 4)}, n_test=360).values()
    assert found.error == pytest.approx(1 / 360 / 2)
    assert found.low < 0 < found.high


def test_like_models_share_their_variance():
    rng = np.random.default_rng(0)
    others = {f"d{i}": seeds(rng.normal(0.9, 0.01, 4)) for i in range(12)}
    found = differences_from(seeds(rng.normal(0.9, 0.01, 4)), others, n_test=10000)
    assert all(3 < each.df <= 3 + PRIOR_CAP for each in found.values())
    errors = [each.error for each in found.values()]
    assert max(errors) / min(errors) < 2


@pytest.mark.parametrize("n", [3, 5, 10])
def test_all_intervals_hold_together_as_often_as_they_say(n):
    """Seven defenses, no difference, seeds that move all models: 95 % less three binomial errors of 250 draws."""
    rng, rounds, held = np.random.default_rng(n), 250, 0
    for _ in range(rounds):
        runs = np.round(1000 * (0.9 + 0.01 * rng.normal(size=n) + 0.01 * rng.normal(size=(8, n)))) / 1000
        others = {f"d{i}": seeds(row) for i, row in enumerate(runs[1:])}
        held += all(
            each.low <= 0 <= each.high for each in differences_from(seeds(runs[0]), others, n_test=1000).values()
        )
    assert held / rounds > 0.95 - 3 * (0.95 * 0.05 / rounds) ** 0.5


def test_models_without_a_seed_in_common_are_refused():
    with pytest.raises(ContractError, match="a: no seed in common"):
        differences_from(seeds([0.9]), {"a": seeds([0.9], start=5)}, n_test=100)
    assert differences_from(seeds([0.9]), {}, n_test=100) == {}
