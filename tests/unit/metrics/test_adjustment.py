"""The slope on the control of the same seed, and how alike cells of a group are."""

import numpy as np
import pytest

from distillab.metrics.adjustment import adjusted

GROUPS = ["a", "a", "b", "b"]


def cells(rng, runs=12, slope=0.5, scale=(0.1, 0.1, 1.0, 1.0)):
    control = rng.normal(size=runs)
    noise = np.array(scale)[:, None] * rng.normal(size=(4, runs))
    return 5 + slope * control + noise, control


def test_the_slope_weighs_cells_by_their_groups_precision():
    """Least squares by hand with weights of the pooled variances."""
    x, c = cells(np.random.default_rng(0))
    found = adjusted(x, c, GROUPS, floor=1e-6)
    xc, cc = x - x.mean(axis=1, keepdims=True), c - c.mean()
    weights = 1 / np.repeat([np.square(xc[:2]).sum() / 22, np.square(xc[2:]).sum() / 22], 2)
    assert found.slope == pytest.approx((weights * (xc @ cc)).sum() / (weights.sum() * (cc @ cc)))
    residuals = xc - found.slope * cc
    assert found.means == pytest.approx((x - found.slope * c).mean(axis=1))
    assert found.squares == pytest.approx(np.square(residuals).sum(axis=1))
    assert found.dfs.tolist() == [10.0] * 4
    assert found.shift == pytest.approx([c.mean()] * 4)


def test_a_run_that_a_cell_lacks_counts_for_nothing_in_it():
    x, c = cells(np.random.default_rng(1))
    x[0, 3:] = np.nan
    found = adjusted(x, c, GROUPS, floor=1e-6)
    assert found.n.tolist() == [3, 12, 12, 12]
    assert found.means[0] == pytest.approx((x[0, :3] - found.slope * c[:3]).mean())
    assert found.shift[0] == pytest.approx(c[:3].mean())
    values = x[0, :3] - found.slope * c[:3]
    assert found.squares[0] == pytest.approx(3 * values.var())


def test_a_group_whose_cells_agree_weighs_as_one_step_does():
    """Two cells of which all runs are equal say that there is no slope, with the weight of the floor and no more."""
    x, c = cells(np.random.default_rng(7))
    x[:2] = 5.0
    steep, flat = (adjusted(x, c, GROUPS, floor=floor).slope for floor in (10.0, 1e-3))
    assert steep == pytest.approx(adjusted(x[2:], c, GROUPS[2:], floor=10.0).slope / 2)
    assert flat == pytest.approx(0, abs=1e-5)


def test_a_slope_of_cells_that_lack_runs_by_hand():
    """Each cell is centered over its own runs; one with a single run knows nothing of the slope."""
    x, c = cells(np.random.default_rng(1))
    x[0, 5:], x[1, :11] = np.nan, np.nan
    found = adjusted(x, c, GROUPS, floor=1e-6)
    parts = [(x[0, :5] - x[0, :5].mean(), c[:5] - c[:5].mean()), *((row - row.mean(), c - c.mean()) for row in x[2:])]
    variances = [np.square(parts[0][0]).sum() / 4, *[sum(np.square(y).sum() for y, _ in parts[1:]) / 22] * 2]
    weights = [1 / variance for variance in variances]
    total = sum(w * (cc @ cc) for w, (_, cc) in zip(weights, parts, strict=True))
    assert found.slope == pytest.approx(sum(w * (cc @ y) for w, (y, cc) in zip(weights, parts, strict=True)) / total)


def test_the_error_of_a_slope_treats_runs_as_the_sample():
    """One cell or seven copies of it: the same slope with the same error, by hand over its runs."""
    x, c = cells(np.random.default_rng(6))
    one, seven = (adjusted(np.tile(x[:1], (copies, 1)), c, ["a"] * copies, floor=1e-6) for copies in (1, 7))
    assert (one.slope, one.slope_error) == pytest.approx((seven.slope, seven.slope_error))
    cc, xc = c - c.mean(), x[0] - x[0].mean()
    scores = cc * (xc - one.slope * cc)
    assert one.slope_error == pytest.approx(np.sqrt((scores @ scores) * 12 / 10) / (cc @ cc))


def test_without_a_control_of_the_run_nothing_is_adjusted():
    x, c = cells(np.random.default_rng(2))
    found = adjusted(x, np.full_like(c, np.nan), GROUPS, floor=1e-6)
    assert (found.slope, found.slope_error) == (0, 0)
    assert found.means == pytest.approx(x.mean(axis=1))
    assert found.dfs.tolist() == [11.0] * 4
    assert found.paired_share.tolist() == [0.0] * 4


def test_controls_that_all_agree_say_nothing_of_a_slope():
    x, c = cells(np.random.default_rng(3))
    assert adjusted(x, np.zeros_like(c), GROUPS, floor=1e-6).slope == 0


@pytest.mark.parametrize("common", [0.0, 0.5, 0.9])
def test_the_mean_squared_correlation_within_groups(common):
    """Cells of a group share a part of their noise; over 30 draws of 8 cells and 20 runs, without bias."""
    rng, found = np.random.default_rng(4), []
    for _ in range(30):
        shared = np.repeat(rng.normal(size=(2, 20)), 4, axis=0)
        x = common**0.5 * shared + (1 - common) ** 0.5 * rng.normal(size=(8, 20))
        found.append(adjusted(x, np.full(20, np.nan), ["a"] * 4 + ["b"] * 4, floor=1e-6).correlation)
    assert np.mean(found) == pytest.approx(common**2, abs=0.05)


def test_cells_of_different_groups_or_few_common_runs_are_not_compared():
    x, c = cells(np.random.default_rng(5), slope=5.0)
    assert adjusted(x[:2], np.full_like(c, np.nan), ["a", "b"], floor=1e-6).correlation == 0
    x[0, 6:], x[1, :6] = np.nan, np.nan
    assert adjusted(x[:2], np.full_like(c, np.nan), ["a", "a"], floor=1e-6).correlation == 0
    assert adjusted(np.ones((2, 5)), np.full(5, np.nan), ["a", "a"], floor=1e-6).correlation == 0
