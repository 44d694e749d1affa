"""Statistics of answers that come in parts: the same as of all answers at once, with one class in memory."""

import numpy as np
import pytest
from scipy.special import log_softmax

from distillab.core.errors import ContractError
from distillab.metrics import class_statistics as module
from distillab.metrics.class_statistics import class_statistics
from distillab.metrics.concentration import class_centroids, concentration

POWERS = (0.0, 0.25, 1.0, 3.0)
LABELS = np.repeat([0, 1, 3, 4, 6], [5, 1, 9, 2, 7])
"""Of eight classes; three have no example, and one has one."""


@pytest.fixture
def answers():
    logits = np.random.default_rng(3).normal(size=(len(LABELS), 8)) * 2
    logits[np.random.default_rng(4).random(logits.shape) < 0.2] = -np.inf
    logits[:, 5] = 0.0
    return log_softmax(logits, axis=1).astype(np.float32)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 8, 23, 24, 100])
def test_wherever_parts_are_cut_all_of_it_is_as_at_once(answers, size):
    whole, centroids = concentration(answers, LABELS, POWERS), class_centroids(answers, LABELS)
    found = class_statistics((answers[at : at + size] for at in range(0, 24, size)), LABELS, POWERS)
    for name, expected in (vars(whole) | {"centroids": centroids}).items():
        np.testing.assert_allclose(getattr(found, name), expected, rtol=0, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(found.overall_corrected, whole.overall_corrected, rtol=0, atol=1e-12)
    assert found.counts.tolist() == [5, 1, 0, 9, 2, 0, 7, 0]


def test_of_two_answers_by_hand():
    """Class 0 twice the same; class 1 says (0.8, 0.2) and (0.4, 0.6): the mean is (0.6, 0.4)."""
    said = np.log([[0.5, 0.5], [0.5, 0.5], [0.8, 0.2], [0.4, 0.6]])
    found = class_statistics([said[:1], said[1:]], np.array([0, 0, 1, 1]), [1.0])

    def entropy(p):
        return -(p * np.log(p) + (1 - p) * np.log(1 - p))

    np.testing.assert_allclose(found.per_class[:, 0], [0, entropy(0.6) - (entropy(0.8) + entropy(0.4)) / 2], atol=1e-12)
    np.testing.assert_allclose(found.centroids, [[0.5, 0.5], [0.6, 0.4]])


def test_a_class_is_summed_up_as_soon_as_the_next_begins(answers, monkeypatch):
    seen = []
    monkeypatch.setattr(
        module,
        "concentration",
        lambda rows, labels, grid: seen.append(labels.tolist()) or concentration(rows, labels, grid),
    )
    given = []

    def parts():
        for at in range(0, 24, 3):
            given.append((at, [label for labels in seen for label in labels]))
            yield answers[at : at + 3]

    class_statistics(parts(), LABELS, POWERS)
    assert seen == [[0] * 5, [1], [3] * 9 + [4] * 2, [6] * 7]
    for at, finished in given:
        assert len(finished) + 9 + 3 > at, "one class and one part wait at most"


@pytest.mark.parametrize(
    ("cut", "labels", "says"),
    [
        (slice(None), LABELS[::-1], "labels are not sorted; expected one class after the other"),
        (slice(23), LABELS, "do not pair up; expected 24 rows; got 23"),
        (slice(None), LABELS[:-1], "do not pair up; expected 23 rows; got at least 24"),
        (slice(0), LABELS[:0], "no answers; expected at least one row; got none"),
    ],
)
def test_what_does_not_fit_is_refused(answers, cut, labels, says):
    parts = [answers[cut]] if len(labels) else []
    with pytest.raises(ContractError, match=f"^class_statistics: .*{says}"):
        class_statistics(parts, labels, POWERS)


def test_logits_are_refused(answers):
    with pytest.raises(ContractError, match="rows are not log-probabilities"):
        class_statistics([answers + 1], LABELS, POWERS)
