"""What is kept of a teacher's API: released probabilities of the training split, and zeros for all other images."""

import pytest
import torch
from small_project import CLASSES, DATA, LABELS, OTHER, TRAIN, images

from distillab.data.label_sets import label_set, query_set
from distillab.specs.thief import RoundedProbabilities
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


def test_what_is_shown_is_of_what_the_defense_releases(monkeypatch):
    """Two classes kept, then one digit: (.647, .353, 0) and .6 and .4; digits first would leave .667 and .333."""
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1, 3))
    with torch.no_grad():
        network[1].weight.zero_()
        network[1].bias.copy_(torch.tensor([0.55, 0.30, 0.15]).log())

    def stingy(log_probs, _images):
        probs = log_probs.exp() * torch.tensor([1.0, 1.0, 0.0])
        return (probs / probs.sum(1, keepdim=True)).log()

    monkeypatch.setattr(answer, "trained_network", lambda *_args, **_options: network.eval())
    monkeypatch.setattr(answer, "release_of", lambda *_args: stingy)
    teacher = answer.released("t", None, None, torch.device("cpu"), form=RoundedProbabilities(rounded=1))
    said = teacher.query(torch.zeros(2, 1, 1, 1))
    torch.testing.assert_close(said, torch.tensor([[0.6, 0.4, 0.0]]).expand(2, 3))


def test_answers_stay_in_the_store(small):
    assert not small.member("ce-cnn_digits-s0-answers").path


def stored(robbed, thief, teacher="ce-cnn_digits", seed=0):
    """What is kept for a thief, and the positions that it has answers of."""
    made = robbed.made(f"{teacher}-s{seed}-answers{f'--{thief}' if thief else ''}")
    probs = made.tensors["probs"]
    return probs, (probs.sum(1) > 0).nonzero()[:, 0], made.product.results["queries"]


@pytest.mark.parametrize("thief", ["told_labels", "stranger"])
@pytest.mark.parametrize("teacher", ["ce-cnn_digits", "st-cnn_digits"])
def test_an_answer_that_is_a_label_carries_no_probabilities(robbed, thief, teacher):
    probs, answered, _ = stored(robbed, thief, teacher)
    assert set(probs.flatten().tolist()) == {0.0, 1.0}
    assert torch.equal(probs[answered].sum(1), torch.ones(len(answered)))
    own = answered[answered < DATA.train_images]
    assert torch.equal(probs[own].argmax(1), released(robbed, "ce-cnn_digits-s0", own).argmax(1))


def test_an_answer_of_two_classes_spreads_the_rest(robbed):
    probs, answered, _ = stored(robbed, "told_top")
    true = released(robbed, "ce-cnn_digits-s0", answered)
    kept, index = true.topk(2)
    rest = ((1 - kept.sum(1, keepdim=True)) / (CLASSES - 2)).expand_as(true)
    torch.testing.assert_close(probs[answered].double(), rest.scatter(1, index, kept), atol=1e-6, rtol=0)


COUNTS = {
    "": TRAIN, "whole": TRAIN, "poor": LABELS, "told_labels": TRAIN, "told_top": LABELS,
    "stranger": LABELS + OTHER.train_images, "guest": LABELS + 9,
}  # fmt: skip


@pytest.mark.parametrize("thief", COUNTS)
def test_teachers_are_asked_about_what_the_thief_asks_about_and_nothing_else(robbed, thief):
    probs, answered, queries = stored(robbed, thief)
    assert queries == len(answered) == COUNTS[thief]
    beyond = OTHER.train_images if thief in {"stranger", "guest"} else 0
    assert len(probs) == DATA.train_images + beyond


def test_a_share_is_asked_about_beside_the_labeled_images(robbed):
    _, answered, queries = stored(robbed, "asks_some")
    split = robbed.index("train")
    own = label_set(DATA.read().train_y, split, LABELS, seed=0)
    assert torch.equal(answered, torch.cat([own, query_set(split, 20, seed=0)]).unique())
    assert queries == len(answered) > 20


def test_all_images_are_asked_about_once_for_all_thieves(robbed):
    attacker = robbed.member("ce-cnn_digits--kd-cnn_digits--asks_all-s0")
    assert attacker.parents["answers"] == "ce-cnn_digits-s0-answers"


def test_answers_to_another_data_set_are_those_to_its_own_images(robbed):
    probs, answered, _ = stored(robbed, "guest")
    there = answered[answered >= DATA.train_images]
    x = OTHER.read().train_x[there - DATA.train_images].double() / 255
    torch.testing.assert_close(
        probs[there].double(), robbed.logits("ce-cnn_digits-s0", x).softmax(1), atol=1e-6, rtol=0
    )
