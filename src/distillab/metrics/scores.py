"""What the tables say of one model's answers, all at once."""

from dataclasses import dataclass

from distillab.metrics.accuracy import brier, confidence, expected_calibration_error, nll
from distillab.metrics.arrays import Classes, LogProbs
from distillab.metrics.entropy import mean_entropy


@dataclass(frozen=True)
class Scores:
    """Means over images; `distillab.metrics.accuracy` and `distillab.metrics.entropy` say of what."""

    entropy_nats: float
    entropy_normalized: float
    ece: float
    nll: float
    brier: float
    confidence: float


def scores(log_probs: LogProbs, labels: Classes) -> Scores:
    """Entropy, calibration and confidence of answers to at least one image.

    Raises:
        ContractError: Rows are not log-probabilities, a label is out of range, or the two do not pair up.
    """
    entropy = mean_entropy(log_probs)
    return Scores(
        entropy_nats=entropy.nats,
        entropy_normalized=entropy.normalized,
        ece=expected_calibration_error(log_probs, labels),
        nll=nll(log_probs, labels),
        brier=brier(log_probs, labels),
        confidence=confidence(log_probs, labels),
    )
