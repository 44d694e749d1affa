from math import isnan

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from distillab.core.errors import ContractError
from distillab.reporting.cells import Absent, Measured
from distillab.reporting.summaries import estimates, kinds_note, over_seeds, range_of, seeds_of, with_best

FREE = (-np.inf, np.inf)


def models(values, **columns):
    return pd.DataFrame({"model": "m", "seed": range(len(values)), "value": values, **columns})


def test_three_seeds_give_students_interval():
    values = [0.90, 0.92, 0.97]
    row = over_seeds(models(values), ["model"], "value", within=FREE).iloc[0]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (row["value"], row["low"], row["high"]) == pytest.approx((np.mean(values), low, high))
    assert row["kind"] == "seeds"


def test_a_share_stays_a_share():
    values = [0.90, 0.92, 0.99]
    assert over_seeds(models(values), ["model"], "value", within=FREE).iloc[0]["high"] > 1
    assert 0.98 < over_seeds(models(values), ["model"], "value", within=(0, 1)).iloc[0]["high"] < 1


@pytest.mark.parametrize(
    ("column", "values", "ends"),
    [
        ("resemblance", [-0.40, -0.49, -0.58], (-1, 1)),
        ("entropy_normalized", [0.99, 0.90, 0.999], (0, 1)),
        ("confidence", [0.99, 0.90, 0.999], (0, 1)),
        ("peak_corrected", [-0.01, -0.02, 0.01], (-np.inf, np.inf)),
        ("log10_median", [-12.0, -11.0, -12.5], (-np.inf, np.inf)),
        ("change_l1", [1.99, 1.7, 2.0], (0, 2)),
    ],
)
def test_an_interval_holds_its_value_and_ends_where_the_quantity_does(column, values, ends):
    """Cut at 0 and at nothing, these were a correlation of -0.49 in [0, -0.38], and shares of 104 %."""
    row = over_seeds(models(values).rename(columns={"value": column}), ["model"], column).iloc[0]
    assert row["value"] == pytest.approx(np.mean(values))
    assert ends[0] <= row["low"] < row["value"] < row["high"] <= ends[1]


def test_a_value_that_no_table_declares_or_two_declare_unlike_needs_a_range():
    with pytest.raises(ContractError, match="column unheard_of: no one range"):
        over_seeds(models([0.5]).rename(columns={"value": "unheard_of"}), ["model"], "unheard_of")
    with pytest.raises(ContractError, match="column gap: no one range"):
        range_of("gap")
    assert range_of("gap", "responses") == (0, 1)


def test_two_seeds_give_points_and_no_interval():
    row = over_seeds(models([0.9, 0.8]), ["model"], "value", within=FREE).iloc[0]
    assert row["value"] == pytest.approx(0.85)
    assert isnan(row["low"])
    assert row["kind"] == "points"


def test_one_seed_brings_its_own_interval_over_images():
    frame = models([0.5], robust_low=0.4, robust_high=0.6).rename(columns={"value": "robust_accuracy"})
    row = over_seeds(frame, ["model"], "robust_accuracy").iloc[0]
    assert (row["low"], row["high"], row["kind"]) == (0.4, 0.6, "images")
    several = models([0.5, 0.5], robust_low=0.4, robust_high=0.6).rename(columns={"value": "robust_accuracy"})
    assert isnan(over_seeds(several, ["model"], "robust_accuracy").iloc[0]["low"])


def test_a_failed_seed_is_left_out_and_an_infinite_one_makes_the_mean_infinite():
    row = over_seeds(models([0.9, np.nan, 0.7]), ["model"], "value", within=FREE).iloc[0]
    assert (row["value"], row["seeds"]) == (pytest.approx(0.8), 2)
    row = over_seeds(models([0.9, np.nan, np.inf]), ["model"], "value", within=FREE).iloc[0]
    assert (row["value"], row["seeds"], row["kind"]) == (np.inf, 2, "points")
    assert isnan(row["low"])
    assert isnan(row["high"])
    assert estimates(models([0.9, np.inf]), ["model"], "value", within=FREE)["m"] == Absent("no finite result")
    assert over_seeds(models([-np.inf, 3.0]), ["model"], "value", within=FREE).iloc[0]["value"] == -np.inf
    assert isnan(over_seeds(models([np.nan]), ["model"], "value", within=FREE).iloc[0]["value"])


@pytest.mark.parametrize(
    ("column", "value", "columns", "step"),
    [("small", 0.0, {"n": 200}, 1 / 200), ("small_float32", 1.0, {"n": 50}, 1 / 50),
     ("median_distance", 4.0, {"norm": "l0"}, 0.5)],
)  # fmt: skip
def test_equal_seeds_of_what_is_counted_have_an_interval_of_at_least_one_step(column, value, columns, step):
    frame = models([value] * 3, **columns).rename(columns={"value": column})
    row = over_seeds(frame, ["model"], column).iloc[0]
    half = stats.t.ppf(0.975, 2) * step / np.sqrt(3)
    assert row["high"] - row["low"] > min(half, 0.9 * half)
    if column == "median_distance":
        assert (row["low"], row["high"]) == pytest.approx((value - half, value + half))


def test_a_median_distance_that_is_not_counted_has_the_spread_of_its_seeds():
    frame = models([0.4, 0.4, 0.4], norm="l2").rename(columns={"value": "median_distance"})
    row = over_seeds(frame, ["model"], "median_distance").iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((0.4, 0.4))


def test_everything_that_overlaps_the_best_is_best_unless_that_is_more_than_half():
    ends = {"a": (0.9, 0.82, 0.95), "b": (0.8, 0.75, 0.85), "c": (0.5, 0.4, 0.6)}
    contents = {key: Measured(*each) for key, each in ends.items()} | {"d": Absent("gone")}
    for largest, best in ((True, []), (False, ["c"])):
        marked = with_best(contents, largest=largest)
        assert [key for key in ends if marked[key].best] == best
        assert marked["d"] == Absent("gone")
    assert with_best({"d": Absent("gone")}) == {"d": Absent("gone")}
    four = with_best(contents | {"e": Measured(0.3, 0.2, 0.35)})
    assert [key for key in four if isinstance(four[key], Measured) and four[key].best] == ["a", "b"]


def test_the_note_names_each_kind_of_interval_that_is_shown():
    assert "Wilson" in kinds_note(pd.Series(["images"]))
    assert "Student" not in kinds_note(pd.Series(["images", "points"]))


def test_models_with_fewer_seeds_are_not_counted_as_more():
    rows = [{"model": model, "seed": seed} for model, seeds in (("ce", 3), ("madry", 1)) for seed in range(seeds)]
    assert seeds_of(pd.DataFrame(rows)) == "1 to 3 seeds"
    assert seeds_of(pd.DataFrame(rows[:3])) == "3 seeds"
    assert seeds_of(pd.DataFrame(rows[:0], columns=["model", "seed"])) == "no seed"


@pytest.mark.parametrize(("low", "high"), [(np.nan, 0.95), (0.82, np.nan), (np.nan, np.nan)])
def test_nothing_overlaps_an_interval_that_lacks_an_end(low, high):
    marked = with_best({"a": Measured(0.9, low, high), "b": Measured(0.8, 0.75, 0.99)})
    assert not any(each.best for each in marked.values())


def test_means_over_seeds_are_contents_of_cells_by_their_group():
    frame = pd.DataFrame({"model": ["a", "a", "b"], "T": 2, "seed": [0, 1, 0], "value": [0.5, 0.7, np.inf]})
    found = estimates(frame, ["model", "T"], "value", within=FREE, reason="no finite one")
    assert found["a", 2].value == pytest.approx(0.6)
    assert found["b", 2] == Absent("no finite one")
    assert set(estimates(frame, ["model"], "value", within=FREE)) == {"a", "b"}


@pytest.mark.parametrize(
    ("value", "counts", "n"),
    [
        ("test_accuracy", {"test_n": 200}, 200),
        ("robust_accuracy", {"n": 50}, 50),
        ("robust_accuracy", {"n": 50, "robust_n": 20}, 20),
        ("success_rate", {"n": 50, "success_n": [40, 25, 30]}, 25),
        ("best_single", {"n": 32}, 32),
        ("boundary", {"n": 32}, 32),
    ],
)
def test_shares_that_agree_over_seeds_spread_by_one_image_of_those_they_are_counted_in(value, counts, n):
    """The page would say 50 [50, 50]."""
    row = over_seeds(models([0.5] * 3, **counts).rename(columns={"value": value}), ["model"], value).iloc[0]
    half = 4.302652729911275 / n / 3**0.5
    # Wilson's bounds of a half, whose variance of a seed is that of one image.
    assert row["high"] - 0.5 == pytest.approx(half / (1 + 4 * half**2) ** 0.5)


def test_what_is_not_counted_in_images_has_its_own_spread_alone():
    row = over_seeds(models([0.5] * 3, n=50), ["model"], "value", within=FREE).iloc[0]
    assert (row["low"], row["high"]) == (0.5, 0.5)
