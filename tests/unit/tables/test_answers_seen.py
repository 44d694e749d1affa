"""What an honest user sees of four answers, counted by hand."""

import numpy as np
import pytest
from made_run import MadeUp, log_of

from distillab.tables.answers_seen import AnswersSeen

LABELS = {"train": [0, 1], "val": [], "test": [0, 1, 2, 3]}
BARE = [[0.7, 0.1, 0.1, 0.1], [0.3, 0.4, 0.2, 0.1], [0.4, 0.1, 0.3, 0.2], [0.1, 0.1, 0.1, 0.7]]


def seen(own, form="probabilities"):
    """Right on the first, the second and the fourth image before anything stands between."""
    found = MadeUp(("ce", "mad"), labels=LABELS)
    bare, defended = (found.teacher(key, test=said) for key, said in (("ce", BARE), ("mad", own)))
    return AnswersSeen(found, bare, defended, form)


def test_of_the_label_alone_the_class_is_left_and_certainty_is_feigned():
    """Three of four are right, so that a user who believes the label is wrong by a quarter."""
    user = seen(BARE, "label")
    assert (user.accuracy, user.flip_rate, user.ece) == pytest.approx((0.75, 0, 0.25))
    assert user.change.tolist() == [0, 0, 0, 0]
    assert user.change_l1 == pytest.approx(2 * np.mean([0.3, 0.6, 0.6, 0.3]), abs=1e-6)
    assert user.bare_ece == pytest.approx(
        (0.3 + 0.3 + abs(1 - 0.8)) / 4, abs=1e-5
    )  # 0.7 twice, 0.4 of which one is right


def test_a_defense_that_turns_answers_costs_those_that_were_right():
    own = [[0.1, 0.7, 0.1, 0.1], BARE[1], [0.1, 0.1, 0.7, 0.1], BARE[3]]
    user = seen(own)
    assert user.change.tolist() == [-1, 0, 1, 0]
    assert (user.accuracy, user.flip_rate) == (0.75, 0.5)
    assert user.change_l1 == pytest.approx((1.2 + 0.8) / 4, abs=1e-6)


def test_a_form_is_of_the_defended_answer_alone():
    assert np.allclose(np.exp(seen(BARE, {"rounded": 0}).shown[1])[0], [1, 0, 0, 0])
    assert np.allclose(np.exp(seen(BARE, {"rounded": 0}).shown[0]), np.exp(log_of(BARE)))
