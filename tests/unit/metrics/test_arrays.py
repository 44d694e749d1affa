"""The checks that all metrics share: what passes, and the one line about what does not."""

import numpy as np
import pytest

from distillab.core.errors import ContractError
from distillab.metrics.arrays import BLOCK, blocks, checked_labels, checked_log_probs, paired


def says(text):
    """The whole line of an error."""
    return pytest.raises(ContractError, match=f"^{text}$")


def test_paired_arrays_have_one_length():
    assert paired("here", [1, 2, 3]) == 3
    assert paired("here", [1], np.zeros((1, 4))) == 1
    with says(r"here: arrays do not pair up; expected equal lengths >= 1; got \[2, 3\]"):
        paired("here", [1, 2], [1, 2, 3])
    with says(r"here: arrays do not pair up; expected equal lengths >= 1; got \[0\]"):
        paired("here", [])
    with says(r".*; got \[3, 0\]"):
        paired("here", [1, 2, 3], [])


def test_blocks_cut_rows_without_gap_or_overlap():
    assert BLOCK == 2**20
    assert list(blocks(7, 2**19)) == [slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 8)]
    assert list(blocks(3, 2**22)) == [slice(0, 1), slice(1, 2), slice(2, 3)], "a row is never cut"
    assert list(blocks(5, 4)) == [slice(0, 2**18)]


def rows(*totals):
    """One row of two equal probabilities for each total."""
    return np.log([[total / 2] * 2 for total in totals])


def test_log_probabilities_come_back_wide():
    wide = checked_log_probs("here", rows(1.0, 1.0009, 0.9991).astype(np.float32))
    assert wide.dtype == np.float64
    np.testing.assert_allclose(wide, rows(1.0, 1.0009, 0.9991), rtol=1e-6)


@pytest.mark.parametrize(
    ("totals", "worst"),
    [
        ((1.0, 1.0011), "1.001"),
        ((0.9989, 1.0), "0.9989"),
        ((0.2, 1.5, 1.0), "0.2"),
        ((0.9, 2.5), "2.5"),
        ((1.5, np.nan), "nan"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_the_row_that_is_farthest_from_a_distribution_is_named(totals, worst):
    with says(
        f"here: rows are not log-probabilities; expected exp\\(row\\) summing to 1; got a row that sums to {worst}"
    ):
        checked_log_probs("here", rows(*totals))


@pytest.mark.filterwarnings("error")
def test_logits_are_refused_without_a_warning_of_numpy():
    with says(".*got a row that sums to inf"):
        checked_log_probs("here", np.array([[1e4, -1e4], [0.5, 0.5]]))


def test_labels_are_classes():
    checked_labels("here", np.array([0, 2, 1]), 3)
    with says(r"here: label out of range; expected 0..2; got -1..1"):
        checked_labels("here", np.array([0, -1, 1]), 3)
    with says(r"here: label out of range; expected 0..2; got 1..3"):
        checked_labels("here", np.array([3, 1]), 3)
