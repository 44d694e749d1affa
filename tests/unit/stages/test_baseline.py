"""LS students: labels smoothed by as much as their name says, the recipe of students, no teacher."""

import math

import pytest
import torch
import torch.nn.functional as F
from small_project import EPOCHS, TRAIN, forward, images

from distillab.data.dataset import Batch
from distillab.stages import baseline


@pytest.mark.parametrize("smoothing", [0.1, 0.3])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_minimized_is_smoothed_cross_entropy_by_its_own_share(small, monkeypatch, tmp_path, smoothing, seed):
    """``-sum_i ((1 - smoothing) 1[i = y] + smoothing / k) ln q_i``, for each image."""
    asked, student = {}, f"ls{smoothing}-cnn_digits"

    def train(member, *_arguments, role, objective, data):
        asked.update(member=member.id, role=role, objective=objective(None, None, None), data=data)

    monkeypatch.setattr(baseline, "train_member", train)
    small.remade(small.member(f"{student}-s{seed}"), tmp_path)
    assert len(asked["data"].split.train) == TRAIN
    assert (asked["member"], asked["role"]) == (f"{student}-s{seed}", "student")
    x, y = images("train")
    weights = small.weights("ce-cnn_digits-s0")
    terms = asked["objective"].terms(lambda x: forward(weights, x), Batch(x, y, torch.arange(len(y))))
    target = (1 - smoothing) * F.one_hot(y, 5).double() + smoothing / 5
    assert terms.keys() == {"cross_entropy"}
    torch.testing.assert_close(
        terms["cross_entropy"], -(target * forward(weights, x).log_softmax(1)).sum(1), atol=1e-9, rtol=0
    )


def test_smoothings_and_seeds_give_different_students(small):
    ids = [f"ls{smoothing}-cnn_digits-s{seed}" for smoothing in (0.1, 0.3) for seed in (0, 1)]
    weights = [small.weights(i)["network.7.weight"] for i in ids]
    assert min((a - b).abs().max() for i, a in enumerate(weights) for b in weights[:i]) > 1e-4


def test_a_student_learns(small):
    """From a loss near that of a guess, and its training images better than by guessing."""
    made = small.made("ls0.1-cnn_digits-s1")
    first, *_, last = made.product.results["history"]
    assert len(made.product.results["history"]) == EPOCHS
    assert last["cross_entropy"] < first["cross_entropy"] < 2 * math.log(5)
    x, y = images("train")
    index = small.index("train")
    right = forward(made.tensors, x[index]).argmax(1) == y[index]
    assert right.sum() > TRAIN / 5 + 3 * math.sqrt(TRAIN * 0.16)
