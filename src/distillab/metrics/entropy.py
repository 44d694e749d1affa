"""Entropy of output distributions."""

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.special import entr

from distillab.metrics.arrays import LogProbs, PerExample, checked_log_probs, paired


@dataclass(frozen=True)
class MeanEntropy:
    """Mean entropy of n outputs in nats, and the share of its maximum ln k, in [0, 1]."""

    nats: float
    normalized: float
    n: int


def entropies(log_probs: LogProbs) -> PerExample:
    """Per example, ``-sum_i p_i ln p_i`` in nats, in [0, ln k]; exact zeros add nothing."""
    return np.asarray(entr(np.exp(checked_log_probs("entropies", log_probs))).sum(axis=1))


def mean_entropy(log_probs: LogProbs) -> MeanEntropy:
    """Mean entropy in nats and divided by ln k, the form to compare with printed values that name no unit.

    Reference: methods section 6, M4.
    """
    n = paired("mean_entropy", log_probs)
    nats = float(entropies(log_probs).mean())
    return MeanEntropy(nats, nats / log(log_probs.shape[1]), n)
