"""What counts as an answer: where rounding ends, and what is kept of each form."""

import numpy as np
import pytest

from distillab.blackbox.forms import AnswerFormat, Fault

PROBABILITIES = AnswerFormat("probabilities", 3, 1e-2)


@pytest.mark.parametrize("row", [[1.009, 0, 0], [0.5, 0.5, 0.009], [1 + 9e-7, -9e-7, 0], [0.991, 0, 0]])
def test_what_rounding_may_have_done_is_taken_back(row):
    kept = PROBABILITIES.rows(np.array([row]), 1)
    expected = np.clip(row, 0, None) / np.clip(row, 0, None).sum()
    np.testing.assert_allclose(kept, expected[None], rtol=1e-6)
    assert kept.dtype == np.float32


@pytest.mark.parametrize("row", [[1.011, 0, 0], [0.5, 0.5, 0.011], [1.005, -0.005, 0], [0.989, 0, 0]])
def test_what_is_more_than_rounding_is_a_fault(row):
    found = PROBABILITIES.rows(np.array([[1.0, 0, 0], row]), 2)
    assert isinstance(found, Fault)
    assert found.row == 1


def test_each_form_becomes_log_probabilities():
    label, logits = AnswerFormat("labels", 3, 0.0), AnswerFormat("logits", 3, 0.0)
    assert label.log_probs(label.rows(np.array([2, 0]), 2)).tolist() == [[-np.inf, -np.inf, 0], [0, -np.inf, -np.inf]]
    z = np.array([[1000.0, 999.0, 0.0], [-5.0, -5.0, -5.0]])
    expected = np.array(
        [[-np.log1p(np.exp(-1)), -1 - np.log1p(np.exp(-1)), -1000 - np.log1p(np.exp(-1))], [-np.log(3)] * 3]
    )
    np.testing.assert_allclose(logits.log_probs(logits.rows(z, 2)), expected, rtol=1e-6)
    zeros = PROBABILITIES.log_probs(PROBABILITIES.rows(np.array([[0.25, 0.75, 0.0]]), 1))
    np.testing.assert_allclose(zeros, [[np.log(0.25), np.log(0.75), -np.inf]], rtol=1e-6)
