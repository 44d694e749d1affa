"""What is kept of a teacher's API: released probabilities of the training split, and zeros for all other images."""

import pytest
import torch
from small_project import CLASSES, TRAIN, images

from distillab.stages import answer


def released(small, teacher, rows):
    """Probabilities of a teacher whose API gives what the network says."""
    x, _ = images("train")
    return small.logits(teacher, x[rows]).softmax(1)


@pytest.mark.parametrize("teacher", ["ce-cnn_digits-s0", "ce-cnn_digits-s1", "nt-cnn_digits-s1"])
def test_each_training_image_has_the_answer_of_its_own_teacher(small, teacher):
    made = small.made(f"{teacher}-answers")
    index = small.index("train")
    probs = made.tensors["probs"]
    assert probs.shape == (97, CLASSES)
    torch.testing.assert_close(probs[index].double(), released(small, teacher, index), atol=1e-6, rtol=0)
    assert made.product.results == {"queries": TRAIN}
    assert made.product.device == "cpu"


def test_nobody_asked_about_validation_images_or_those_left_out(small):
    probs = small.made("ce-cnn_digits-s0-answers").tensors["probs"]
    others = torch.ones(97, dtype=torch.bool)
    others[small.index("train")] = False
    assert others.sum() == 97 - TRAIN
    assert not probs[others].any()


def test_what_a_defense_withholds_is_not_in_it(small):
    """A stingy teacher of the same weights: the two largest probabilities, renormalized."""
    index = small.index("train")
    probs = small.made("st-cnn_digits-s1-answers").tensors["probs"][index].double()
    everything = released(small, "ce-cnn_digits-s1", index)
    kept = torch.where(everything >= everything.topk(2).values[:, 1:], everything, 0)
    torch.testing.assert_close(probs, kept / kept.sum(1, keepdim=True), atol=1e-6, rtol=0)


def test_how_many_are_asked_at_a_time_changes_no_answer(small, monkeypatch, tmp_path):
    monkeypatch.setattr(answer, "BATCH", 7)
    member = small.member("nt-cnn_digits-s0-answers")
    again, before = small.remade(member, tmp_path), small.made(member.id)
    assert again.product.results == {"queries": TRAIN}
    torch.testing.assert_close(again.tensors["probs"], before.tensors["probs"], atol=1e-6, rtol=0)


def test_answers_stay_in_the_store(small):
    assert not small.member("ce-cnn_digits-s0-answers").path
