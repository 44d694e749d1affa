"""Each score under its own name."""

from math import log

import numpy as np
import pytest

from distillab.core.errors import ContractError
from distillab.metrics.scores import scores

SAID = np.log([[0.7, 0.2, 0.1], [0.2, 0.3, 0.5]])
LABELS = np.array([0, 1])
"""The first answer is right, the second one is wrong."""


def test_every_score_by_hand():
    found = scores(SAID, LABELS)
    entropy = -sum(p * log(p) for p in (0.7, 0.2, 0.1, 0.2, 0.3, 0.5)) / 2
    assert found.entropy_nats == pytest.approx(entropy)
    assert found.entropy_normalized == pytest.approx(entropy / log(3))
    assert found.ece == pytest.approx((0.3 + 0.5) / 2)
    assert found.nll == pytest.approx(-(log(0.7) + log(0.3)) / 2)
    assert found.brier == pytest.approx((0.3**2 + 0.2**2 + 0.1**2 + 0.2**2 + 0.7**2 + 0.5**2) / 2)
    assert found.confidence == pytest.approx(0.7 / 2)


def test_probabilities_are_refused():
    with pytest.raises(ContractError, match="rows are not log-probabilities"):
        scores(np.exp(SAID), LABELS)
