"""Cascades of two and three networks, image by image."""

import numpy as np
import pandas as pd
import pytest

from distillab.evaluate.cascade import UNDECIDED, cascade_of, run_cascade


def one(predicted, certified, y):
    """The verdict on a single image, from one entry per network."""
    return run_cascade(np.array(predicted)[:, None], np.array(certified)[:, None], np.array([y]))


@pytest.mark.parametrize(
    ("predicted", "certified", "y", "verdict"),
    [
        ([3, 3], [True, True], 3, (0, 3, True, True)),
        ([3, 3], [False, True], 3, (1, 3, True, True)),
        ([3, 3], [False, False], 3, (UNDECIDED, 3, False, False)),
        ([3, 5], [True, False], 5, (0, 3, False, False)),
        ([3, 5], [False, True], 5, (1, 5, True, False)),
        ([3, 5], [True, False], 3, (0, 3, True, False)),
        ([5, 3], [True, True], 3, (0, 5, False, False)),
        ([1, 1, 1], [False, False, True], 1, (2, 1, True, True)),
        ([1, 0, 1], [False, False, True], 1, (2, 1, True, False)),
    ],
    ids=[
        "both certify", "the second certifies", "nobody certifies", "certified and wrong",
        "the first, wrong here, may certify its class elsewhere in the ball",
        "the second, wrong here, may answer where the first does not certify",
        "the second certifies the label, but is not asked", "the third of three", "the second of three disagrees",
    ],
)  # fmt: skip
def test_one_image(predicted, certified, y, verdict):
    """``verdict``: the network that decides, the answer, whether it is robust as in the paper, and strictly."""
    found = one(predicted, certified, y)
    assert (found.network[0], found.answer[0], found.robust[0], found.strictly_robust[0]) == verdict
    assert found.wrong[0] == (verdict[1] != y)


def test_shares_of_four_images():
    predicted = np.array([[0, 1, 2, 2], [0, 1, 1, 0]])
    certified = np.array([[True, False, False, False], [True, True, True, False]])
    verdict = run_cascade(predicted, certified, np.array([0, 1, 1, 2]))
    assert verdict.network.tolist() == [0, 1, 1, UNDECIDED]
    assert verdict.answer.tolist() == [0, 1, 1, 0]
    assert verdict.standard_error == 0.25
    assert verdict.paper_robust_error == 0.25
    assert verdict.strict_robust_error == 0.5
    assert verdict.decided(2) == (0.25, 0.5)


def test_one_network_is_an_ordinary_certificate():
    certified, predicted, y = np.array([[True, True, False]]), np.array([[1, 2, 1]]), np.array([1, 1, 1])
    verdict = run_cascade(predicted, certified, y)
    assert verdict.robust.tolist() == verdict.strictly_robust.tolist() == [True, False, False]


def test_the_strict_error_is_never_below_the_papers_and_the_papers_never_below_the_standard_error():
    random = np.random.default_rng(0)
    for _ in range(50):
        networks = random.integers(1, 5)
        predicted, certified = random.integers(0, 3, (networks, 40)), random.random((networks, 40)) < 0.4
        verdict = run_cascade(predicted, certified, random.integers(0, 3, 40))
        assert verdict.strict_robust_error >= verdict.paper_robust_error >= verdict.standard_error
        assert sum(verdict.decided(networks)) == pytest.approx(1 - (verdict.network == UNDECIDED).mean())


class Threshold:
    """A network of one number: 1 above ``at``, certified where the ball does not reach it."""

    def __init__(self, at, eps):
        self.at, self.eps = at, eps

    def __call__(self, x):
        return (x > self.at).astype(np.int64), np.abs(x - self.at) > self.eps


def cascaded(networks, x, y):
    predicted, certified = zip(*(network(x) for network in networks), strict=True)
    return run_cascade(np.array(predicted), np.array(certified), y)


def test_a_strict_certificate_holds_at_every_image_of_the_ball_and_the_papers_does_not():
    """Second network x > 0.8, first x > 0.5, radius 0.1: at 0.59 the cascade says 0, and at 0.61 it certifies 1."""
    eps = 0.1
    networks = [Threshold(0.5, eps), Threshold(0.8, eps)]
    x = np.linspace(0, 1, 201)
    for label in (0, 1):
        verdict = cascaded(networks, x, np.full(len(x), label))
        for place in np.flatnonzero(verdict.strictly_robust):
            inside = np.flatnonzero(np.abs(x - x[place]) <= eps)
            decided = verdict.network[inside] != UNDECIDED
            assert (verdict.answer[inside][decided] == label).all()
    verdict = cascaded(networks, np.array([0.59, 0.61]), np.array([0, 0]))
    assert verdict.robust.tolist() == [True, False]
    assert verdict.strictly_robust.tolist() == [False, False]
    assert verdict.answer.tolist() == [0, 1]


def test_frames_make_a_cascade_and_a_paper_takes_what_rounding_leaves_open():
    """The second image is certified by the second network, within rounding already by the first; the third by none."""
    one = pd.DataFrame({"label": [0, 1, 2], "predicted": [0, 0, 2], "certified_prediction": [True, False, False],
                        "slack": [False, True, False]})  # fmt: skip
    two = one.assign(predicted=[0, 1, 2], certified_prediction=[False, True, False], slack=False)
    found, published = (cascade_of([one, two], as_published=papers) for papers in (False, True))
    assert found.network.tolist() == [0, 1, UNDECIDED]
    assert found.wrong.tolist() == [False, False, False]
    assert published.network.tolist() == [0, 0, UNDECIDED]
    assert published.wrong.tolist() == [False, True, False]
    assert cascade_of([one]).paper_robust_error == pytest.approx(2 / 3)
