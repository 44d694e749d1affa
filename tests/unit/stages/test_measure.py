"""What a measurement holds: a model's released answers and their summaries, against our own forward pass."""

import numpy as np
import pytest
import torch
from small_project import CLASSES, TEST, TRAIN, VAL, forward, images

SIZES = {"val": VAL, "test": TEST}
SCORES = ("entropy_nats", "entropy_normalized", "ece", "nll", "brier", "confidence")
EVERY = {"val", "test", "val.predicted", "test.predicted", *(f"test.{name}" for name in SCORES)}
STATISTICS = ("powers", "counts", "per_class", "per_class_corrected", "centroids")
TEACHER = EVERY | {f"{split}.{name}" for split in ("train", "test") for name in STATISTICS}
STUDENT = EVERY

plain = pytest.mark.parametrize(
    ("model", "names"),
    [
        ("ce-cnn_digits-s0", TEACHER),
        ("ce-cnn_digits-s1", TEACHER),
        ("ls-cnn_digits-s1", TEACHER),
        ("ls0.3-cnn_digits-s1", STUDENT),
        ("nt-cnn_digits--dkd-cnn_digits-s1", STUDENT),
        ("st-cnn_digits--kd-cnn_digits-s0", STUDENT),
        ("ta-T4-step2-s1", STUDENT),
    ],
)


def said(small, model, split):
    """Log-probabilities of a model without a release, in the order of the split index."""
    x, _ = images("test" if split == "test" else "train")
    return small.logits(model, x[small.index(split)]).log_softmax(1)


def labels_of(small, split):
    _, y = images("test" if split == "test" else "train")
    return y[small.index(split)]


def assert_statistics(small, found, split, probs):
    """Class by class: how many, the mean answer, and at each power the mean divergence from the powered mean."""
    labels, powers = labels_of(small, split), small.workspace.plan.params["measure"]["powers"]
    assert found[f"{split}.powers"].tolist() == powers
    assert found[f"{split}.counts"].tolist() == torch.bincount(labels, minlength=CLASSES).tolist()
    for y in range(CLASSES):
        of_class = probs[labels == y]
        torch.testing.assert_close(found[f"{split}.centroids"][y], of_class.mean(0), atol=1e-5, rtol=0)
        for at, power in enumerate(powers):
            q = torch.where(of_class > 0, of_class**power, 0)
            q = q / q.sum(1, keepdim=True)
            scatter = torch.where(q > 0, q * (q / q.mean(0)).log(), 0).sum(1).mean()
            torch.testing.assert_close(found[f"{split}.per_class"][y, at], scatter, atol=2e-5, rtol=1e-4)


@plain
def test_every_split_has_the_answers_to_its_own_images_in_order(small, model, names):
    found = small.made(f"{model}-measure").tensors
    assert found.keys() == names
    for split, size in SIZES.items():
        assert found[split].dtype == torch.float32
        assert found[split].shape == (size, CLASSES)
        torch.testing.assert_close(found[split].double(), said(small, model, split), atol=1e-5, rtol=0)
        assert found[f"{split}.predicted"].tolist() == found[split].argmax(1).tolist()


@plain
def test_scores_are_those_of_the_test_images(small, model, names):
    found, log_probs = small.made(f"{model}-measure").tensors, said(small, model, "test")
    labels, probs = labels_of(small, "test"), log_probs.exp()
    entropy, right = -(probs * log_probs).sum(1).mean(), probs.argmax(1) == labels
    expected = {
        "entropy_nats": entropy,
        "entropy_normalized": entropy / np.log(CLASSES),
        "nll": -log_probs[range(TEST), labels].mean(),
        "brier": (probs - torch.eye(CLASSES)[labels]).square().sum(1).mean(),
        "confidence": (probs.amax(1) * right).mean(),
    }
    for name, value in expected.items():
        torch.testing.assert_close(found[f"test.{name}"], value.double(), atol=1e-5, rtol=0)
    assert 0 <= found["test.ece"] <= 1


@pytest.mark.parametrize("model", ["ce-cnn_digits-s0", "ls-cnn_digits-s1"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_statistics_of_classes_are_those_of_the_splits_images(small, model, split):
    assert_statistics(small, small.made(f"{model}-measure").tensors, split, said(small, model, split).exp())


def test_no_answer_to_a_training_image_is_kept(small):
    """No tensor has as many rows as there are training images; none is larger than the answers to test images."""
    found = small.made("ce-cnn_digits-s0-measure").tensors
    assert max(len(tensor) for tensor in found.values() if tensor.ndim) == TEST < TRAIN
    assert max(tensor.numel() for tensor in found.values()) == TEST * CLASSES


def test_the_powers_are_the_members_own(small, tmp_path):
    member = small.member("ce-cnn_digits-s0-measure")
    asked = member.model_copy(update={"spec": member.spec | {"measure": {"powers": [0.5, 7.0]}}})
    found = small.remade(asked, tmp_path).tensors
    assert found["train.powers"].tolist() == found["test.powers"].tolist() == [0.5, 7.0]
    assert found["train.per_class"].shape == (CLASSES, 2)


def test_no_two_models_say_the_same(small):
    """What the test above stands on: answers that tell models, seeds and splits apart."""
    answers = [said(small, model, "val") for model, _ in plain.args[1]]
    answers += [said(small, "ce-cnn_digits-s0", split)[:VAL] for split in ("train", "test")]
    apart = [(a - b).abs().max() for i, a in enumerate(answers) for b in answers[:i]]
    assert min(apart) > 0.01


def test_a_stingy_teacher_is_measured_as_it_answers(small):
    """The two largest of five probabilities, renormalized: 0.4 of the classes."""
    found = small.made("st-cnn_digits-s1-measure").tensors
    assert found.keys() == TEACHER
    for split in ("train", "val", "test"):
        probs = said(small, "ce-cnn_digits-s1", split).exp()
        kept = torch.where(probs >= probs.topk(2).values[:, 1:], probs, 0)
        expected = kept / kept.sum(1, keepdim=True)
        if split != "val":
            assert_statistics(small, found, split, expected)
        if split != "train":
            torch.testing.assert_close(found[split].exp().double(), expected, atol=1e-6, rtol=0)
            assert bool((found[split] == -torch.inf).sum(1).eq(3).all())


def test_a_perturbed_teacher_is_measured_with_its_own_perturbation(small):
    """``p' = softmax(ln p + f(ln p - mean))`` with the three layers that stand beside the weights."""
    layers = small.weights("apgp-cnn_digits-s1")
    found = small.made("apgp-cnn_digits-s1-measure").tensors
    for split in ("train", "val", "test"):
        before = said(small, "ce-cnn_digits-s1", split)
        h = before - before.mean(1, keepdim=True)
        for number in (0, 2, 4):
            weight, bias = (layers[f"release.residual.{number}.{name}"].double() for name in ("weight", "bias"))
            h = h @ weight.T + bias
            h = h if number == 4 else h.relu()
        expected = (before + h).log_softmax(1)
        assert (expected - before).abs().max() > 1e-4
        if split != "val":
            assert_statistics(small, found, split, expected.exp())
        if split != "train":
            torch.testing.assert_close(found[split].double(), expected, atol=1e-5, rtol=0)


def test_the_device_is_the_one_it_ran_on(small):
    assert small.made("ce-cnn_digits-s0-measure").product.device == "cpu"


def test_our_forward_pass_is_no_constant(small):
    x, _ = images("test")
    z = forward(small.weights("ce-cnn_digits-s0"), x)
    assert z.std(0).min() > 0.05
