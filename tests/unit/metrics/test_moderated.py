"""Variances that borrow from their group: closed forms at the ends, and the weight that the cells tell."""

import numpy as np
import pytest
from scipy.special import polygamma
from scipy.stats import t

from distillab.core.errors import ContractError
from distillab.metrics.moderated import PRIOR_CAP, _inverse_trigamma, moderate


def drawn(rng, cells, df, prior_df, groups=10):
    """Sums of squares of cells whose true variances follow Smyth's model around 1, and those variances."""
    true = prior_df / rng.chisquare(prior_df, cells) if prior_df else np.ones(cells)
    return true * rng.chisquare(df, cells), true, [f"a{i % groups}" for i in range(cells)]


def test_a_cell_alone_in_its_group_keeps_its_own():
    found = moderate([3.0, 8.0, 5.0], [3, 4, 2], ["a", "b", "c"], floor=0.1)
    assert found.prior_df == 0
    assert found.variances.tolist() == pytest.approx([1.0, 2.0, 2.5])
    assert found.dfs.tolist() == [3, 4, 2]


def test_cells_that_are_alike_share_one_variance_at_the_largest_weight():
    """Fifty times 3 of 3 degrees of freedom: less different than chance would have it."""
    found = moderate([3.0] * 50 + [6.0] * 50, [3] * 100, ["a"] * 50 + ["b"] * 50, floor=0.01)
    assert found.prior_df == PRIOR_CAP
    assert found.variances == pytest.approx(np.repeat([1.0, 2.0], 50))
    assert found.prior_variances == pytest.approx(np.repeat([1.0, 2.0], 50))
    assert found.dfs == pytest.approx(3 + PRIOR_CAP)


def test_the_shrunken_variance_by_hand():
    rng = np.random.default_rng(0)
    squares, _, groups = drawn(rng, 60, 4, 5, groups=3)
    found = moderate(squares, [4] * 60, groups, floor=1e-3)
    weight = found.prior_df
    assert 0 < weight < PRIOR_CAP
    pooled = np.array([squares[i % 3 :: 3].sum() / 80 for i in range(60)])
    assert found.prior_variances == pytest.approx(pooled)
    assert found.variances == pytest.approx((weight * pooled + squares) / (weight + 4))
    assert found.dfs == pytest.approx(weight + 4)


@pytest.mark.parametrize("df", [2, 7])
@pytest.mark.parametrize("prior_df", [2.0, 6.0])
def test_the_weight_is_that_of_the_cells_and_rather_too_small(df, prior_df):
    """Over 40 draws of 400 cells; an error of the estimate is taken off."""
    rng = np.random.default_rng(1)
    weights = []
    for _ in range(40):
        squares, _, groups = drawn(rng, 400, df, prior_df)
        weights.append(moderate(squares, [df] * 400, groups, floor=1e-6).prior_df)
    assert 0.7 * prior_df < np.mean(weights) < 1.05 * prior_df


def test_moderated_variances_are_nearer_the_truth():
    rng = np.random.default_rng(2)
    squares, true, groups = drawn(rng, 400, 3, 6.0)
    found = moderate(squares, [3] * 400, groups, floor=1e-6)
    own = np.abs(np.log(squares / 3 / true))
    assert np.abs(np.log(found.variances / true)).mean() < 0.6 * own.mean()


def test_moderated_t_errs_as_often_as_it_says():
    """One-sided 1 % over 40 draws of 126 cells of four seeds, unequal variances: 50 expected of 5,040, sd 7."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(40):
        squares, true, groups = drawn(rng, 126, 3, 6.0, groups=9)
        found = moderate(squares, [3] * 126, groups, floor=1e-6)
        means = rng.normal(0, np.sqrt(true / 4))
        wrong += int((means / np.sqrt(found.variances / 4) > t.ppf(0.99, found.dfs)).sum())
    assert wrong / 5040 < 0.01 + 3 * (0.01 * 0.99 / 5040) ** 0.5


def test_no_variance_is_below_one_step():
    found = moderate([0.0, 0.0, 12.0], [3, 3, 3], ["a", "a", "b"], floor=0.5)
    assert found.variances.tolist() == pytest.approx([0.25, 0.25, 4.0])


def test_a_cell_without_degrees_of_freedom_borrows_everything():
    squares, df = [3.0] * 20 + [99.0], [3] * 20 + [0]
    found = moderate(squares, df, ["a"] * 21, floor=0.1)
    assert found.variances[-1] == pytest.approx(1.0)
    assert found.dfs[-1] == PRIOR_CAP
    alone = moderate([99.0, 3.0], [0, 3], ["a", "b"], floor=0.1)
    assert (alone.variances[0], alone.dfs[0]) == (pytest.approx(0.01), 0)


def test_two_cells_have_no_more_degrees_of_freedom_than_both_together():
    found = moderate([3.0, 3.0], [3, 3], ["a", "a"], floor=0.1)
    assert found.prior_df > 3
    assert found.dfs.tolist() == [6, 6]


def test_the_same_cell_many_times_knows_no_more_than_once():
    """Fully correlated cells: their variances agree because they are one, and the pooled one has its 3 degrees."""
    copies = moderate([3.0] * 14, [3] * 14, ["a"] * 14, floor=0.1, correlation=1.0)
    assert copies.dfs.tolist() == pytest.approx([3.0] * 14)
    some = moderate([3.0] * 14, [3] * 14, ["a"] * 14, floor=0.1, correlation=0.25)
    assert some.dfs.tolist() == pytest.approx([42 / (1 + 13 * 0.25)] * 14)


def test_the_unit_does_not_matter():
    rng = np.random.default_rng(4)
    squares, _, groups = drawn(rng, 30, 3, 4.0, groups=3)
    one, other = (moderate(squares * unit**2, [3] * 30, groups, floor=0.1 * unit) for unit in (1.0, 1e-3))
    assert other.variances == pytest.approx(one.variances * 1e-6)
    assert other.dfs == pytest.approx(one.dfs)


def test_cells_of_unequal_sizes_are_alike_if_their_variances_are():
    """The mean of a log variance depends on its degrees of freedom; 200 cells of 2 and as many of 30."""
    rng = np.random.default_rng(6)
    df = np.tile([2, 30], 200)
    assert moderate(rng.chisquare(df), df, ["a"] * 400, floor=1e-6).prior_df > 0.6 * PRIOR_CAP


def test_cells_that_share_their_noise_differ_less_than_they_would_by_chance():
    """So what they do differ by says more of their true variances."""
    squares, _, groups = drawn(np.random.default_rng(7), 200, 3, 6.0)
    weights = [moderate(squares, [3] * 200, groups, floor=1e-6, correlation=rho).prior_df for rho in (0.0, 0.2, 0.5)]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] > 1.5 * weights[2]


def test_the_weight_by_hand():
    """Two cells of one group, 2 degrees of freedom each: logs 1.5 apart, 1 of 2 deviations free."""
    squares = np.array([2.0, 2.0 * np.exp(3.0)])
    deviations, sampling = 2 * 1.5**2, float(polygamma(1, 1.0))
    spread = deviations - sampling + deviations * 2**0.5
    weight = moderate(squares, [2, 2], ["a", "a"], floor=1e-3).prior_df
    assert float(polygamma(1, weight / 2)) == pytest.approx(spread, rel=1e-5)


@pytest.mark.parametrize("value", [1e-4, 0.3, 1.0, 50.0])
def test_the_inverse_of_trigamma(value):
    assert float(polygamma(1, _inverse_trigamma(value))) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("squares", "dfs", "groups", "says"),
    [
        ([1.0], [1, 2], ["a"], r"moderate: cells do not pair up; expected equal lengths >= 1; got \[1, 2, 1\]"),
        ([], [], [], "do not pair up"),
        ([-1.0], [1], ["a"], "moderate: no sums of squares; expected finite numbers >= 0"),
        ([1.0], [-1], ["a"], "no sums of squares"),
        ([np.nan], [1], ["a"], "no sums of squares"),
    ],
)
def test_what_is_no_sample_is_refused(squares, dfs, groups, says):
    with pytest.raises(ContractError, match=says):
        moderate(squares, dfs, groups, floor=0.1)
