"""Curves of concentration where arithmetic is at its ends: chunks, zeros, two examples, rounding; and its errors."""

import numpy as np
import pytest
from scipy.special import entr

from distillab.core.errors import ContractError
from distillab.metrics.concentration import CHUNK, _powered, _shifted, class_centroids, concentration

PAIR = np.log([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1]])
SAME = np.array([0, 0])


def test_temporaries_hold_a_mebibyte():
    assert CHUNK * np.dtype(np.float64).itemsize == 2**20
    logs, support = _shifted(np.tile(PAIR, (2**13, 1))[:, :2])  # 2**15 entries: four powers fill a chunk
    sizes = [len(powers) for powers, _, _ in _powered(logs, support, np.linspace(0, 2, 9))]
    assert sizes == [3, 3, 3]
    assert [len(powers) for powers, _, _ in _powered(logs, support, np.linspace(0, 2, 8))] == [4, 4]
    assert [len(powers) for powers, _, _ in _powered(logs[:9], support[:9], np.linspace(0, 2, 7))] == [7]


def test_a_class_larger_than_a_chunk_is_cut_into_single_powers_and_no_further():
    """2**18 entries, twice a chunk: in halves they would leave a power without answers."""
    log_probs, labels = np.tile(PAIR, (2**17, 1))[: 2**18 // 3], np.zeros(2**18 // 3, int)
    logs, support = _shifted(log_probs)
    assert [len(powers) for powers, _, _ in _powered(logs, support, np.array([0.5, 1.0, 2.0]))] == [1, 1, 1]
    even = np.tile(PAIR, (2**16, 1))
    np.testing.assert_allclose(class_centroids(even, np.zeros(2**17, int))[0], np.exp(PAIR).mean(axis=0))
    assert np.isfinite(concentration(log_probs, labels, [1.0]).overall_corrected).all()


def test_the_jackknife_of_two_examples_doubles_the_curve():
    """Without either example the centroid is the other: its entropy is the mean entropy."""
    curve = concentration(PAIR, SAME, [0.5, 1.0])
    np.testing.assert_allclose(curve.overall_corrected, 2 * curve.overall)
    assert (curve.overall > 0.03).all()


@pytest.mark.filterwarnings("error")
def test_an_example_alone_has_no_correction_and_no_warning():
    curve = concentration(PAIR, np.array([0, 2]), [1.0])
    assert np.isnan(curve.per_class_corrected).all()
    assert curve.per_class[[0, 2], 0].tolist() == [0.0, 0.0]
    assert curve.counts.tolist() == [1, 0, 1]


@pytest.mark.filterwarnings("error")
def test_zeros_and_large_powers_stay_finite():
    with np.errstate(divide="ignore"):
        log_probs = np.log([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    curve = concentration(log_probs, SAME, [1e5])
    np.testing.assert_allclose(curve.overall, np.log(2))


@pytest.mark.parametrize("n", [3, 5, 7, 11, 13])
def test_rounding_never_takes_more_than_there_is(n):
    """One example alone holds a class: without it nothing is left, and not a little less than nothing."""
    rng = np.random.default_rng(n)
    probs = np.zeros((n, 3))
    probs[:, 0] = 1.0
    for seed in range(20):
        share = rng.random() * 10.0 ** -rng.integers(0, 9)
        probs[seed % n] = (1 - share, share, 0.0)
        with np.errstate(divide="ignore"):
            log_probs = np.log(probs)
        curve = concentration(log_probs, np.zeros(n, int), [1.0])
        assert np.isfinite(curve.overall_corrected).all()
        assert curve.overall[0] == pytest.approx(entr(probs.mean(axis=0)).sum() - entr(probs).sum() / n, abs=1e-15)
        probs[seed % n] = (1.0, 0.0, 0.0)


def test_curves_of_equal_outputs_are_never_below_zero():
    for seed in range(20):
        row = np.log(np.random.default_rng(seed).dirichlet(np.ones(6), 1))
        assert (
            concentration(np.repeat(row, 7, axis=0), np.zeros(7, int), np.linspace(0, 4, 9)).per_class[0] >= 0
        ).all()


def test_powers_may_be_whole_numbers():
    curve = concentration(PAIR, SAME, [0, 1])
    assert curve.powers.dtype == np.float64
    np.testing.assert_allclose(curve.overall, concentration(PAIR, SAME, [0.0, 1.0]).overall)


def test_the_first_of_equal_peaks_is_taken():
    assert concentration(np.tile(PAIR[:1], (2, 1)), SAME, [0.5, 2.0]).peak.power == 0.5


@pytest.mark.parametrize(
    ("log_probs", "labels", "power", "says"),
    [
        (PAIR, np.array([0]), 1.0, r"arrays do not pair up; .*; got \[2, 1\]"),
        (PAIR, np.array([0, 3]), 1.0, r"label out of range; expected 0\.\.2; got 0\.\.3"),
        (PAIR + 1, SAME, 1.0, r"rows are not log-probabilities; .*; got a row that sums to 2.718"),
        (PAIR, SAME, -0.5, r"a power is not usable; expected finite and >= 0; got \[-0.5\]"),
        (PAIR, SAME, np.inf, r"a power is not usable; expected finite and >= 0; got \[inf\]"),
    ],
)
def test_each_function_is_named_in_its_errors(log_probs, labels, power, says):
    with pytest.raises(ContractError, match=f"^concentration: {says}$"):
        concentration(log_probs, labels, [power])
    with pytest.raises(ContractError, match=f"^class_centroids: {says}$"):
        class_centroids(log_probs, labels, power=power)
