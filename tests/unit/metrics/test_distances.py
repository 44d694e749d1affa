import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillab.core.errors import ContractError
from distillab.metrics.distances import ROUNDING, robust_accuracy, robust_accuracy_curve, summarize_distances
from distillab.metrics.intervals import wilson

DISTANCES = np.array([1.0, 2.0, 3.0, np.inf, 0.0])
CORRECT = np.array([True, True, True, True, False])
SAMPLES = st.lists(st.tuples(st.one_of(st.floats(0, 5), st.just(np.inf)), st.booleans()), min_size=1, max_size=40)


def test_summary_by_hand():
    summary = summarize_distances(DISTANCES, CORRECT, farthest=np.full(5, 10.0))
    assert (summary.correct, summary.successes) == (4, 3)
    assert (summary.success_rate.value, summary.success_rate.n) == (0.75, 4)
    assert summary.median_of_correct == 2.5
    assert (summary.mean_of_successes, summary.max_of_successes) == (2.0, 3.0)
    assert summary.penalized_mean_of_correct == 4.0


def test_initially_wrong_examples_enter_no_distance():
    alone = summarize_distances(DISTANCES[:4], CORRECT[:4])
    assert summarize_distances(DISTANCES, CORRECT) == alone
    assert alone.penalized_mean_of_correct is None


def test_a_median_beyond_half_failures_is_infinite():
    assert summarize_distances(np.array([1.0, np.inf, np.inf]), np.ones(3, bool)).median_of_correct == np.inf
    assert summarize_distances(np.array([1.0, np.inf]), np.ones(2, bool)).median_of_correct == np.inf


@pytest.mark.filterwarnings("error")
def test_an_attack_that_never_succeeds_has_no_mean():
    summary = summarize_distances(np.full(3, np.inf), np.ones(3, bool), farthest=np.array([1.0, 2.0, 3.0]))
    assert np.isnan(summary.mean_of_successes)
    assert summary.success_rate.value == 0.0
    assert summary.penalized_mean_of_correct == 2.0


def test_curve_by_hand():
    curve = robust_accuracy_curve(DISTANCES, CORRECT, eps=[0.0, 0.5, 1.0, 2.5, 100.0])
    np.testing.assert_allclose(curve.accuracy, [0.8, 0.8, 0.6, 0.4, 0.2])
    assert curve.n == 5


@given(SAMPLES, st.lists(st.floats(0, 6), min_size=1, max_size=10))
def test_curve_falls_from_clean_accuracy_and_matches_single_points(sample, eps):
    distances, correct = (np.array(column) for column in zip(*sample, strict=True))
    grid = np.sort([0.0, *eps])
    curve = robust_accuracy_curve(distances, correct, eps=grid)
    assert (np.diff(curve.accuracy) <= 0).all()
    assert curve.accuracy[0] == pytest.approx(correct.mean())
    assert (curve.low <= curve.accuracy).all()
    assert (curve.accuracy <= curve.high).all()
    point = robust_accuracy(distances, correct, eps=float(grid[-1]))
    assert (point.value, point.low, point.high) == (curve.accuracy[-1], curve.low[-1], curve.high[-1])


def test_robust_accuracy_is_over_all_examples_the_misclassified_included():
    """Of five, one is misclassified and one is fooled at a distance of 1; of the correct ones alone it were 3/4."""
    assert robust_accuracy(DISTANCES, CORRECT, eps=1.0) == wilson(3, 5)
    assert robust_accuracy(DISTANCES, CORRECT, eps=1.0).value == 3 / 5


def test_float32_rounding_does_not_let_an_example_survive_its_own_budget():
    x = np.random.default_rng(0).random(1000, dtype=np.float32)
    distances = np.abs((x + np.float32(8 / 255)) - x).astype(np.float64)
    assert (distances > 8 / 255).any()
    assert robust_accuracy(distances, np.ones(1000, bool), eps=8 / 255).value == 0.0
    assert robust_accuracy(distances, np.ones(1000, bool), eps=7.9 / 255).value == 1.0


@pytest.mark.parametrize("bad", [np.array([-1.0, 1.0]), np.array([np.nan, 1.0]), np.array([1.0])])
def test_unusable_distances_are_errors(bad):
    for function in (summarize_distances, lambda d, c: robust_accuracy(d, c, eps=1.0)):
        with pytest.raises(ContractError):
            function(bad, np.ones(2, bool))


def test_unusable_settings_are_errors():
    with pytest.raises(ContractError, match="eps"):
        robust_accuracy(DISTANCES, CORRECT, eps=-1.0)
    with pytest.raises(ContractError, match="penalty"):
        summarize_distances(DISTANCES, CORRECT, farthest=DISTANCES)
    with pytest.raises(ContractError, match="no example"):
        summarize_distances(DISTANCES, np.zeros(5, bool))


def test_a_distance_of_nothing_fools_from_the_first_step_on():
    curve = robust_accuracy_curve(np.zeros(2), np.array([True, True]), eps=[0, 1])
    assert curve.accuracy.tolist() == [1.0, 0.0]
    assert curve.eps.dtype == np.float64


def test_a_distance_at_the_edge_of_rounding_fools():
    at = np.array([1.0 + ROUNDING, 1.0 + 3 * ROUNDING])
    assert robust_accuracy(at, np.ones(2, bool), eps=1.0).value == 0.5
    assert ROUNDING == 1e-6


def test_curves_have_wilsons_bounds():
    curve = robust_accuracy_curve(DISTANCES, CORRECT, eps=[0.5, 2.5])
    points = [wilson(4, 5), wilson(2, 5)]
    assert curve.low.tolist() == [point.low for point in points]
    assert curve.high.tolist() == [point.high for point in points]
    assert curve.eps.tolist() == [0.5, 2.5]


def test_float32_distances_are_summed_up_in_float64():
    narrow = np.array([0.1, 0.7, 1.9], dtype=np.float32)
    wide = summarize_distances(narrow.astype(np.float64), np.ones(3, bool))
    assert summarize_distances(narrow, np.ones(3, bool)) == wide


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: summarize_distances(DISTANCES, CORRECT[:2]), r"summarize_distances: arrays .*; got \[5, 2\]"),
        (lambda: robust_accuracy(DISTANCES, CORRECT[:2], eps=1), r"robust_accuracy: arrays .*; got \[5, 2\]"),
        (lambda: robust_accuracy_curve(DISTANCES, CORRECT[:2], eps=[1]), r"robust_accuracy_curve: arrays .*"),
        (
            lambda: summarize_distances(-DISTANCES, CORRECT),
            "summarize_distances: a distance is negative or NaN; expected >= 0, inf for a failure",
        ),
        (
            lambda: robust_accuracy_curve(DISTANCES, CORRECT, eps=[1, -2]),
            r"robust_accuracy_curve: eps is not usable; expected >= 0; got \[1.0, -2.0\]",
        ),
        (
            lambda: robust_accuracy(DISTANCES, CORRECT, eps=np.nan),
            r"robust_accuracy: eps is not usable; expected >= 0; got \[nan\]",
        ),
        (
            lambda: summarize_distances(DISTANCES, ~np.ones(5, bool)),
            "summarize_distances: no example was classified correctly",
        ),
        (
            lambda: summarize_distances(DISTANCES, CORRECT, farthest=DISTANCES),
            "summarize_distances: a penalty is not finite; expected the pixel box's radius",
        ),
    ],
)
def test_errors_say_where_and_what(call, says):
    with pytest.raises(ContractError, match=f"^{says}$"):
        call()
