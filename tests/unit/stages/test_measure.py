"""What a measurement holds: a model's released answers to the images of each split, against our own forward pass."""

import pytest
import torch
from small_project import CLASSES, TEST, TRAIN, VAL, forward, images

SIZES = {"train": TRAIN, "val": VAL, "test": TEST}
TEACHER, STUDENT = {"train", "val", "test"}, {"val", "test"}

plain = pytest.mark.parametrize(
    ("model", "splits"),
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


@plain
def test_every_split_has_the_answers_to_its_own_images_in_order(small, model, splits):
    found = small.made(f"{model}-measure").tensors
    assert found.keys() == splits
    for split, log_probs in found.items():
        assert log_probs.dtype == torch.float32
        assert log_probs.shape == (SIZES[split], CLASSES)
        torch.testing.assert_close(log_probs.double(), said(small, model, split), atol=1e-5, rtol=0)


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
    for split, log_probs in found.items():
        probs = said(small, "ce-cnn_digits-s1", split).exp()
        kept = torch.where(probs >= probs.topk(2).values[:, 1:], probs, 0)
        torch.testing.assert_close(log_probs.exp().double(), kept / kept.sum(1, keepdim=True), atol=1e-6, rtol=0)
        assert bool((log_probs == -torch.inf).sum(1).eq(3).all())


def test_a_perturbed_teacher_is_measured_with_its_own_perturbation(small):
    """``p' = softmax(ln p + f(ln p - mean))`` with the three layers that stand beside the weights."""
    layers = small.weights("apgp-cnn_digits-s1")
    found = small.made("apgp-cnn_digits-s1-measure").tensors
    for split, log_probs in found.items():
        before = said(small, "ce-cnn_digits-s1", split)
        h = before - before.mean(1, keepdim=True)
        for number in (0, 2, 4):
            weight, bias = (layers[f"release.residual.{number}.{name}"].double() for name in ("weight", "bias"))
            h = h @ weight.T + bias
            h = h if number == 4 else h.relu()
        expected = (before + h).log_softmax(1)
        assert (expected - before).abs().max() > 1e-4
        torch.testing.assert_close(log_probs.double(), expected, atol=1e-5, rtol=0)


def test_the_device_is_the_one_it_ran_on(small):
    assert small.made("ce-cnn_digits-s0-measure").product.device == "cpu"


def test_our_forward_pass_is_no_constant(small):
    x, _ = images("test")
    z = forward(small.weights("ce-cnn_digits-s0"), x)
    assert z.std(0).min() > 0.05
