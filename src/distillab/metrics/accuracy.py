"""How often a model is right, and how far its probabilities can be trusted."""

import numpy as np

from distillab.metrics.arrays import Classes, Flags, LogProbs, PerExample, checked_labels, checked_log_probs, paired
from distillab.metrics.intervals import Estimate, wilson


def correctness(predictions: Classes, labels: Classes) -> Flags:
    """Per example, whether the predicted class is the label."""
    paired("correctness", predictions, labels)
    return np.asarray(predictions == labels)


def accuracy(predictions: Classes, labels: Classes) -> Estimate:
    """Share of examples whose prediction is the label, with Wilson's interval."""
    right = correctness(predictions, labels)
    return wilson(int(right.sum()), len(right))


def agreement(first: Classes, second: Classes) -> Estimate:
    """Share of examples on which two models predict the same class; one minus it is the flip rate of a defense."""
    return accuracy(first, second)


def nll(log_probs: LogProbs, labels: Classes) -> float:
    """Mean negative log-likelihood of the labels in nats; infinite if a label got an exact zero."""
    wide = _checked("nll", log_probs, labels)
    return float(-wide[np.arange(len(labels)), labels].mean())


def brier(log_probs: LogProbs, labels: Classes) -> float:
    """Mean Brier score ``sum_i (p_i - 1[i = y])^2``, in [0, 2].

    Reference: Brier 1950, the original form that sums over classes.
    """
    errors = np.exp(_checked("brier", log_probs, labels))
    errors[np.arange(len(labels)), labels] -= 1.0
    return float(np.square(errors).sum(axis=1).mean())


def confidence(log_probs: LogProbs, labels: Classes) -> float:
    """Mean over all examples of the top probability where the prediction is right and 0 where it is wrong.

    At most the accuracy, which it approaches as logits grow.

    Reference: Teacher Assistants 2019 eq. 14, with the maximum where its print says argmax; methods section 3.4.
    """
    top, right = _top(_checked("confidence", log_probs, labels), labels)
    return float((top * right).mean())


def expected_calibration_error(log_probs: LogProbs, labels: Classes, *, bins: int = 15) -> float:
    """Mean gap ``sum_b (n_b / n) |accuracy_b - confidence_b|`` over equal-width bins of the top probability, in [0, 1].

    Reference: Guo et al. 2017, eq. 3; bin b holds top probabilities in ``((b - 1) / bins, b / bins]``.
    """
    top, right = _top(_checked("expected_calibration_error", log_probs, labels), labels)
    bin_of = np.clip(np.ceil(top * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, weights=right - top)
    return float(np.abs(gaps).sum() / len(labels))


def l1_distance(log_probs: LogProbs, reference: LogProbs) -> PerExample:
    """Per example, ``sum_i |p_i - r_i|`` in [0, 2]: how far a defense moved an output from the undefended one."""
    paired("l1_distance", log_probs, reference)
    moved = checked_log_probs("l1_distance", log_probs)
    return np.asarray(np.abs(np.exp(moved) - np.exp(checked_log_probs("l1_distance", reference))).sum(axis=1))


def _checked(where: str, log_probs: LogProbs, labels: Classes) -> LogProbs:
    paired(where, log_probs, labels)
    checked_labels(where, labels, log_probs.shape[1])
    return checked_log_probs(where, log_probs)


def _top(log_probs: LogProbs, labels: Classes) -> tuple[PerExample, Flags]:
    return np.exp(log_probs.max(axis=1)), np.asarray(log_probs.argmax(axis=1) == labels)
