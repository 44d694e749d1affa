"""Chances of a decision, against simulation and by hand, and the price of an open question."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import nct, norm, t

from distillab.core.errors import ContractError, SpecError
from distillab.metrics.gains import Gain
from distillab.metrics.levels import Levels
from distillab.metrics.planning import SEEDS, Price, chance_above, chance_of_undistillable, detectable_gain, price

LEVELS = Levels(teachers=8, attacks=9, looks=4)


@pytest.mark.parametrize(("effect", "df"), [(0.0, 3), (2.0, 3), (8.0, 10), (-3.0, 5)])
def test_the_chance_is_that_of_a_noncentral_t(effect, df):
    assert chance_above(effect, 1.0, df, 0.01) == pytest.approx(nct.sf(t.ppf(0.99, df), df, effect), abs=1e-9)


def test_the_chance_is_a_number_however_far_the_effect():
    assert chance_above([40.0, -40.0, 1e6], 1.0, 100, 0.01).tolist() == pytest.approx([1.0, 0.0, 1.0])


def test_the_chance_is_the_level_where_there_is_no_effect():
    assert chance_above(0.0, 1.0, np.array([2.5, 10, 1e3]), 0.003) == pytest.approx(0.003)


def test_a_detectable_gain_is_found_four_times_in_five():
    """Five runs and fifteen controls of sd 1, at one look of one attack; 20,000 draws."""
    levels = Levels(alpha=0.05)
    gain = detectable_gain(5, 1.0, 15, levels)
    rng = np.random.default_rng(0)
    x, c = rng.normal(gain, 1, (20000, 5)), rng.normal(0, 1, (20000, 15))
    own, shared = x.var(axis=1, ddof=1) / 5, c.var(axis=1, ddof=1) / 15
    df = (own + shared) ** 2 / (own**2 / 4 + shared**2 / 14)
    found = x.mean(axis=1) - c.mean(axis=1) > t.ppf(0.95, df) * np.sqrt(own + shared)
    assert found.mean() == pytest.approx(0.8, abs=0.012)


def test_many_runs_are_normal():
    levels = Levels(alpha=0.05)
    gain = detectable_gain(20000, 1.0, 20000, levels, power=0.9)
    assert gain == pytest.approx((norm.ppf(0.95) + norm.ppf(0.9)) * sqrt(2 / 20000), rel=1e-3)


def test_more_of_anything_finds_smaller_gains():
    base = detectable_gain(5, 1.0, 15, LEVELS)
    assert detectable_gain(5, 2.0, 15, LEVELS) == pytest.approx(2 * base)
    assert detectable_gain(10, 1.0, 30, LEVELS) < base
    assert detectable_gain(5, 1.0, 15, LEVELS, prior_df=6) < base
    assert detectable_gain(50, 1.0, 50, LEVELS, control_sd=0.0) < detectable_gain(50, 1.0, 50, LEVELS)
    assert detectable_gain(5, 1.0, 15, LEVELS, power=0.5) < base
    assert detectable_gain(5, 1.0, 15, Levels(teachers=8, attacks=9, looks=1)) < base


def test_the_sizes_of_the_digits_run():
    """Eight teachers, nine attacks, four looks, five seeds, a prior weight of 6: 8.1 points of sd 2.3 are found."""
    power = chance_above([8.1, 3.4], np.array([2.3, 1.2]) / sqrt(5), 4 + 6, LEVELS.distillable)
    assert power[0] > 0.95
    assert power[1] == pytest.approx(0.8, abs=0.05)


def test_undistillable_is_found_as_often_as_it_says():
    """Three attacks of gain 0, sd 1.7, at 32 seeds of control noise 0, over 4,000 draws."""
    levels = Levels(attacks=9, looks=4)
    said = chance_of_undistillable([0.0] * 3, 32, 1.7, 96, levels, margin=1.0, control_sd=0.0)
    x = np.random.default_rng(1).normal(0, 1.7, (4000, 3, 32))
    upper = x.mean(axis=2) + t.ppf(1 - levels.undistillable, 31) * x.std(axis=2, ddof=1) / sqrt(32)
    assert said == pytest.approx((upper < 1.0).all(axis=1).mean(), abs=0.03)
    chances = [
        chance_of_undistillable([0.0] * 3, n, 1.7, 3 * n, levels, margin=1.0, control_sd=0.0) for n in (8, 32, 64)
    ]
    assert chances == sorted(chances)
    assert chances[0] < 0.05
    assert chances[2] > 0.95


def test_an_attack_at_the_margin_is_closed_as_rarely_as_the_level_says():
    levels = Levels(attacks=9, looks=4)
    at_margin = chance_of_undistillable([0.01, -0.5], 16, 0.01, 48, levels, margin=0.01)
    assert at_margin == pytest.approx(levels.undistillable)


def gain(value, *, n=4, sd=0.02, n_control=12):
    return Gain(value, sqrt(sd**2 / n + sd**2 / n_control), n - 1.0, n, n_control, sd / sqrt(n_control))


def cost(*gains, closed=(), complete=True, levels=LEVELS):
    named = {f"a{i}": {"ls": each} for i, each in enumerate(gains)}
    return price(named, closed=closed, levels=levels, margin=0.01, complete=complete)


def test_a_price_is_the_first_doubling_at_which_the_chance_is_80_percent():
    found = cost(gain(0.04))
    assert found is not None
    before, after = (
        chance_above(0.04, sqrt(0.02**2 / n + 0.02**2 / max(n, 12)), 3 + n - 4, LEVELS.distillable)
        for n in (found.seeds // 2, found.seeds)
    )
    assert before < 0.8 <= after
    assert found == Price(found.seeds, found.seeds - 4)
    assert found.seeds in SEEDS


def test_a_price_counts_the_runs_of_open_attacks_alone():
    both = cost(gain(0.0), gain(0.0, n=8), gain(-0.2))
    closed = cost(gain(0.0), gain(0.0, n=8), gain(-0.2), closed=["a2"])
    assert both is not None
    assert closed == Price(both.seeds, 2 * both.seeds - 12)
    assert both.runs == 3 * both.seeds - 16


def test_what_lies_at_the_margin_has_no_price():
    assert cost(gain(0.01, sd=0.2), gain(0.0)) is None
    assert cost(gain(0.0), complete=False) is None
    assert cost(gain(0.0)) is not None
    assert cost(gain(0.05), complete=False) is not None


def test_nothing_known_of_a_spread_or_nothing_open_has_no_price():
    assert cost(Gain(0.05, float("nan"), 0.0, 1, 9)) is None
    assert cost(gain(0.05), closed=["a0"]) is None


def test_the_harder_control_sets_the_price():
    easy = price({"a": {"ls": gain(0.08)}}, closed=(), levels=LEVELS, margin=0.01)
    hard = price({"a": {"ls": gain(0.08), "pseudo": gain(0.03)}}, closed=(), levels=LEVELS, margin=0.01)
    assert easy.seeds < hard.seeds


def test_designs_that_are_none():
    for bad in ({"n": 2}, {"n_control": 2}, {"sd": 0.0}, {"prior_df": -1.0}):
        arguments = {"n": 4, "sd": 1.0, "n_control": 9} | bad
        with pytest.raises(SpecError, match="no design"):
            detectable_gain(**arguments, levels=LEVELS)
    with pytest.raises(SpecError, match="not a power"):
        detectable_gain(4, 1.0, 9, LEVELS, power=1.0)
    with pytest.raises(ContractError, match="no attack"):
        chance_of_undistillable([], 4, 1.0, 9, LEVELS, margin=1.0)
