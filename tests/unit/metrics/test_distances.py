import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillab.core.errors import ContractError
from distillab.metrics.distances import robust_accuracy, robust_accuracy_curve, summarize_distances

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
