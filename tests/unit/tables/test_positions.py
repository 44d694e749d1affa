"""Trends of numbers that stand at temperatures, steps and seeds: by hand, and where some are not there."""

import pandas as pd
import pytest

from distillab.tables.positions import (
    doublings,
    later_minus_earlier,
    means_on_common,
    of_whole_seeds,
    over_steps,
    over_temperatures,
    step_range,
)

NUMBERS = {(t, step, seed): seed + 10 * step + 100 * t for t in (1.0, 4.0) for step in (0, 1, 2) for seed in (3, 8)}


def test_slopes_and_differences_are_those_of_each_seed():
    assert over_temperatures(NUMBERS) == pytest.approx((150.0, 150.0))
    assert over_steps(NUMBERS) == pytest.approx((10.0, 10.0))
    assert later_minus_earlier(NUMBERS, 2, 0) == pytest.approx((20.0, 20.0))
    assert (doublings(NUMBERS), step_range(NUMBERS)) == (2.0, 2)


def test_one_temperature_and_one_step_have_no_slope():
    alone = {key: value for key, value in NUMBERS.items() if key[:2] == (4.0, 1)}
    assert (over_temperatures(alone), over_steps(alone), later_minus_earlier(alone, 2, 1)) == ((), (), ())
    assert (doublings(alone), step_range(alone), doublings({}), step_range({})) == (1.0, 1, 1.0, 1)


def test_a_seed_that_lacks_a_number_of_these_steps_is_left_out():
    gone = {(1.0, 2, 8)}
    assert {key[2] for key in of_whole_seeds(NUMBERS, gone)} == {3}
    assert {key[1:] for key in of_whole_seeds(NUMBERS, gone, (0, 1))} == {(s, seed) for s in (0, 1) for seed in (3, 8)}


def test_means_are_over_common_images_group_by_group():
    by_image = {
        (1.0, 0, 3): pd.Series({5: 1.0, 6: 2.0, 7: 9.0}),
        (4.0, 0, 3): pd.Series({6: 4.0, 5: 8.0}),
        (1.0, 1, 3): pd.Series({7: 3.0}),
        (1.0, 0, 8): pd.Series({1: 1.0}),
        (4.0, 0, 8): pd.Series({2: 1.0}),
    }
    means, images = means_on_common(by_image, lambda position: position[1:])
    assert means == {(1.0, 0, 3): 1.5, (4.0, 0, 3): 6.0, (1.0, 1, 3): 3.0}
    assert list(means) == [key for key in by_image if key in means]
    assert images == 1
    assert means_on_common({}, lambda position: position[1:]) == ({}, 1)
