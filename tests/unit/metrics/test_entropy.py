from math import log

import numpy as np
import pytest

from distillab.metrics.entropy import entropies, mean_entropy


def test_extremes_are_zero_and_one():
    with np.errstate(divide="ignore"):
        one_hot = np.log(np.eye(7))
    assert mean_entropy(one_hot).nats == 0.0
    uniform = mean_entropy(np.full((3, 7), -log(7)))
    assert uniform.nats == pytest.approx(log(7))
    assert uniform.normalized == pytest.approx(1.0)
    assert uniform.n == 3


def test_exact_zeros_add_nothing():
    with np.errstate(divide="ignore"):
        log_probs = np.log([[0.5, 0.5, 0.0], [0.25, 0.75, 0.0]])
    np.testing.assert_allclose(entropies(log_probs), [log(2), -0.25 * log(0.25) - 0.75 * log(0.75)])


def test_printed_entropy_of_the_label_smoothing_optimum():
    smoothed = np.full(100, 0.05 / 100)
    smoothed[0] += 0.95
    entropy = mean_entropy(np.log(smoothed)[None])
    assert entropy.nats == pytest.approx(0.42449882, abs=1e-8)
    assert entropy.normalized == pytest.approx(0.09217874, abs=1e-8)


def test_float32_inputs_are_accumulated_in_float64():
    assert entropies(np.full((2, 4), -log(4), dtype=np.float32)).dtype == np.float64
