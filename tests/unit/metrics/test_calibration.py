"""Bins of the calibration error, and who is named where an accuracy, a score or a distance cannot be computed."""

import numpy as np
import pytest

from distillab.core.errors import ContractError
from distillab.metrics.accuracy import (
    accuracy,
    brier,
    confidence,
    correctness,
    expected_calibration_error,
    l1_distance,
    nll,
)
from distillab.metrics.entropy import entropies, mean_entropy

FLAT = np.log(np.full((3, 4), 0.25))


def two_of(classes, tops):
    """Two log-probability rows whose top is at class 0, the rest spread evenly."""
    rest = [[(1 - top) / (classes - 1)] * (classes - 1) for top in tops]
    with np.errstate(divide="ignore"):
        return np.log([[top, *others] for top, others in zip(tops, rest, strict=True)])


@pytest.mark.parametrize(
    ("tops", "error"),
    [
        ((0.58, 0.61), (0.42 + 0.61) / 2),  # bins 8 and 9 of 15; one bin of 14 and of 16
        ((1.0, 0.92), (0.0 + 0.92) / 2),  # the last bin and the one before it
    ],
)
def test_there_are_fifteen_bins(tops, error):
    assert expected_calibration_error(two_of(2, tops), np.array([0, 1])) == pytest.approx(error)


def test_bins_may_be_fewer():
    log_probs, labels = two_of(2, (0.58, 0.61)), np.array([0, 1])
    assert expected_calibration_error(log_probs, labels, bins=5) == pytest.approx((0.42 + 0.61) / 2)
    assert expected_calibration_error(log_probs, labels, bins=4) == pytest.approx(abs(0.42 - 0.61) / 2)


def test_the_first_bin_is_not_the_second():
    log_probs = np.concatenate([two_of(20, (0.1,)), np.log(np.full((1, 20), 0.05))])
    assert expected_calibration_error(log_probs, np.array([0, 7])) == pytest.approx((0.9 + 0.05) / 2)


def test_the_last_bin_holds_what_rounding_lifts_above_one():
    log_probs = np.array([[np.log(1.0005), -30.0], [np.log(0.99), np.log(0.01)]])
    assert expected_calibration_error(log_probs, np.array([1, 0])) == pytest.approx((1.0005 - 0.01) / 2)


def test_the_first_and_the_last_bin_are_apart():
    wrong, right = two_of(2, (1.0, 0.92))
    assert expected_calibration_error(np.stack([wrong, right]), np.array([1, 0])) == pytest.approx((1 + 0.08) / 2)


@pytest.mark.parametrize("score", [nll, brier, confidence, expected_calibration_error])
def test_a_score_is_named_in_its_errors(score):
    for log_probs, labels, says in (
        (FLAT, np.array([0, 1]), r"arrays do not pair up; expected equal lengths >= 1; got \[3, 2\]"),
        (FLAT, np.array([0, 1, 4]), "label out of range; expected 0..3; got 0..4"),
        (np.exp(FLAT), np.array([0, 1, 2]), "rows are not log-probabilities; .* sums to 5.136"),
    ):
        with pytest.raises(ContractError, match=f"^{score.__name__}: {says}$"):
            score(log_probs, labels)


def test_predictions_and_labels_pair_up():
    for function in (correctness, accuracy):
        with pytest.raises(ContractError, match=r"^correctness: arrays do not pair up; .*; got \[2, 3\]$"):
            function(np.zeros(2, int), np.zeros(3, int))
    assert correctness(np.array([2, 1]), np.array([2, 0])).dtype == bool


def test_l1_distance_names_itself_for_either_array():
    for first, second, says in (
        (FLAT[:2], FLAT, r"arrays do not pair up; .*; got \[2, 3\]"),
        (np.exp(FLAT), FLAT, "rows are not log-probabilities; .*"),
        (FLAT, np.exp(FLAT), "rows are not log-probabilities; .*"),
    ):
        with pytest.raises(ContractError, match=f"^l1_distance: {says}$"):
            l1_distance(first, second)


def test_entropies_name_themselves():
    for function in (entropies, mean_entropy):
        with pytest.raises(ContractError, match=r"^entropies: rows are not log-probabilities; "):
            function(np.exp(FLAT))
    with pytest.raises(ContractError, match=r"^mean_entropy: arrays do not pair up; .*; got \[0\]$"):
        mean_entropy(FLAT[:0])


def test_the_mean_entropy_is_over_examples_and_its_share_over_classes():
    log_probs = np.concatenate([FLAT[:1], np.log([[0.5, 0.5 - 3e-9, 1e-9, 2e-9]])])
    found = mean_entropy(log_probs)
    assert found.nats == pytest.approx(0.75 * np.log(4), abs=1e-6)
    assert (found.normalized, found.n) == (pytest.approx(0.75, abs=1e-6), 2)
