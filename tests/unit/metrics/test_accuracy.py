import numpy as np
import pytest

from distillab.core.errors import ContractError
from distillab.metrics.accuracy import (
    accuracy,
    agreement,
    brier,
    confidence,
    correctness,
    expected_calibration_error,
    l1_distance,
    nll,
)

PROBS = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25]])
LABELS = np.array([0, 1, 1, 0])


def log_of(probs):
    with np.errstate(divide="ignore"):
        return np.log(probs)


def test_accuracy_counts_matching_predictions():
    predictions = PROBS.argmax(axis=1)
    assert correctness(predictions, LABELS).tolist() == [True, True, False, True]
    estimate = accuracy(predictions, LABELS)
    assert (estimate.value, estimate.n, estimate.kind) == (0.75, 4, "images")
    assert estimate.low < 0.75 < estimate.high


def test_agreement_is_symmetric_and_one_for_equal_models():
    first, second = np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])
    assert agreement(first, second) == agreement(second, first)
    assert agreement(first, second).value == 0.75
    assert agreement(first, first).value == 1.0


def test_scores_by_hand():
    log_probs = log_of(PROBS)
    assert nll(log_probs, LABELS) == pytest.approx(-np.log([0.9, 0.7, 0.2, 0.5]).mean())
    by_hand = [0.01 + 0.01, 0.04 + 0.09 + 0.01, 0.04 + 0.64 + 0.36, 0.25 + 0.0625 + 0.0625]
    assert brier(log_probs, LABELS) == pytest.approx(np.mean(by_hand))
    assert confidence(log_probs, LABELS) == pytest.approx((0.9 + 0.7 + 0.0 + 0.5) / 4)


def test_an_exact_zero_on_the_label_is_an_infinite_loss():
    assert nll(log_of(PROBS), np.array([2, 1, 1, 0])) == np.inf


def test_confidence_stays_below_accuracy_and_approaches_it_with_the_logits():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(200, 5)), rng.integers(0, 5, 200)
    reached = (logits.argmax(axis=1) == labels).mean()
    values = []
    for scale in (1.0, 10.0, 1e4):
        log_probs = scale * logits - np.logaddexp.reduce(scale * logits, axis=1, keepdims=True)
        values.append(confidence(log_probs, labels))
    assert values == sorted(values)
    assert values[-1] <= reached
    assert values[-1] == pytest.approx(reached, abs=1e-3)


def test_calibration_error_by_hand():
    # Two full bins: 0.8 with 3 of 4 right, 0.6 with none of 2 right.
    top = np.array([0.8, 0.8, 0.8, 0.8, 0.6, 0.6])
    labels = np.array([0, 0, 0, 1, 1, 1])
    error = expected_calibration_error(np.log(np.stack([top, 1 - top], axis=1)), labels)
    assert error == pytest.approx((4 * 0.05 + 2 * 0.6) / 6)


def test_a_bin_holds_its_right_edge():
    # 0.6 is the edge of bins 9 and 10 of 15; 0.59 is inside bin 9, so that the two gaps cancel only within one bin.
    top = np.array([0.6, 0.59])
    labels = np.array([0, 1])
    error = expected_calibration_error(np.log(np.stack([top, 1 - top], axis=1)), labels)
    assert error == pytest.approx(abs(0.4 - 0.59) / 2)


def test_certain_and_right_is_perfectly_calibrated():
    assert expected_calibration_error(log_of(np.eye(3)), np.arange(3)) == 0.0
    assert expected_calibration_error(log_of(np.eye(3)), np.array([1, 2, 0])) == 1.0
    assert brier(log_of(np.eye(3)), np.array([1, 2, 0])) == 2.0


def test_l1_distance_is_per_example():
    moved = PROBS[:, [1, 0, 2]]
    np.testing.assert_allclose(l1_distance(log_of(PROBS), log_of(moved)), [1.6, 1.0, 0.0, 0.5], atol=1e-12)


@pytest.mark.parametrize(
    ("log_probs", "labels"),
    [(PROBS, LABELS), (log_of(PROBS), LABELS + 2), (log_of(PROBS), LABELS[:3]), (log_of(PROBS)[:0], LABELS[:0])],
    ids=["probabilities", "label", "length", "empty"],
)
@pytest.mark.parametrize("score", [nll, brier, confidence, expected_calibration_error])
def test_unusable_input_is_an_error(score, log_probs, labels):
    with pytest.raises(ContractError):
        score(log_probs, labels)
