from math import log

import numpy as np
import pytest

from distillab.core.errors import ContractError
from distillab.metrics.centroids import similarity_correlation, similarity_information


def test_even_off_diagonals_tell_nothing():
    smooth = np.full((4, 4), 0.02) + 0.92 * np.eye(4)
    assert similarity_information(smooth) == pytest.approx(0.0, abs=1e-14)
    assert similarity_information(np.eye(4)) == pytest.approx(0.0, abs=1e-14)


def test_a_single_similar_class_tells_the_most():
    pairs = 0.9 * np.eye(4) + 0.1 * np.eye(4)[[1, 0, 3, 2]]
    assert similarity_information(pairs) == pytest.approx(log(3))


def test_information_is_the_mean_divergence_from_uniform():
    centroids = np.array([[0.7, 0.2, 0.1], [0.05, 0.9, 0.05], [np.nan] * 3])
    expected = (2 / 3 * log(4 / 3) + 1 / 3 * log(2 / 3)) / 2
    assert similarity_information(centroids) == pytest.approx(expected)


def test_correlation_compares_ranks_off_the_diagonal():
    rng = np.random.default_rng(0)
    first = rng.dirichlet(np.ones(5), 5)
    assert similarity_correlation(first, first**3) == pytest.approx(1.0)
    assert similarity_correlation(first, -first) == pytest.approx(-1.0)
    diagonal_changed = first + 10 * np.eye(5)
    assert similarity_correlation(first, diagonal_changed) == pytest.approx(1.0)


def test_constant_centroids_have_no_correlation():
    assert np.isnan(similarity_correlation(np.eye(3), np.random.default_rng(0).random((3, 3))))


def test_centroids_of_different_classes_are_an_error():
    first = np.random.default_rng(0).random((3, 3))
    second = np.where(np.arange(3)[:, None] == 1, np.nan, first)
    with pytest.raises(ContractError, match="different classes"):
        similarity_correlation(first, second)


@pytest.mark.filterwarnings("error")
def test_either_centroid_may_be_constant():
    varied = np.random.default_rng(1).random((3, 3))
    for first, second in ((np.eye(3), varied), (varied, np.eye(3))):
        assert np.isnan(similarity_correlation(first, second))


@pytest.mark.filterwarnings("error")
def test_a_class_without_mass_on_others_counts_as_nothing():
    centroids = np.array([[1.0, 0.0, 0.0], [0.1, 0.9, 0.0], [0.0, 0.1, 0.9]])
    assert similarity_information(centroids) == pytest.approx(2 / 3 * log(2))


def test_the_correlation_is_named_in_its_error():
    with pytest.raises(ContractError, match=r"^similarity_correlation: centroids of different classes$"):
        similarity_correlation(np.eye(3), np.eye(4))
