"""Anchored CMIM against its vector, its bound, and its optimum."""

from types import SimpleNamespace

import pytest
import torch

from distillab.data.dataset import Batch
from distillab.defenses.anchored_cmim import AnchoredCMIM, Anchors
from distillab.losses.conditional_mutual_information import class_divergences, log_centroids
from distillab.losses.power import log_power_transform

CLUSTER = torch.tensor([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1]]).log()
ROWS = torch.tensor([0, 0])


def anchors(smoothing, powers, classes=3):
    made = Anchors(classes, smoothing)
    made.begin_epoch(0, torch.nn.Identity(), torch.as_tensor(powers))
    return made


@pytest.mark.parametrize(
    ("power", "own", "anchored"),
    [(0.25, 0.00279381, 0.01624541), (1.0, 0.03332976, 0.20398325), (2.0, 0.05111551, 0.34655509)],
)
def test_the_printed_bound_and_its_gap(power, own, anchored):
    powers = torch.tensor([power])
    log_l = anchors(0.15, powers).log_centroids(torch.tensor([0]))
    log_s = log_centroids(CLUSTER[None], powers)
    got = [class_divergences(CLUSTER, ROWS, log_q, powers).item() for log_q in (log_s, log_l)]
    assert got == pytest.approx([own, anchored], abs=1e-6)
    gap = (log_s.exp() * (log_s - log_l)).sum().item()
    assert gap == pytest.approx(anchored - own, abs=1e-6)


def test_the_anchor_is_the_smoothed_label_at_each_power():
    powers = [0.0, 0.5, 1.0, 2.0]
    got = anchors(0.1, powers, classes=5).log_centroids(torch.tensor([3, 1]))
    target = torch.full((5,), 0.02)
    target[3] += 0.9
    for i, power in enumerate(powers):
        torch.testing.assert_close(got[0, i], log_power_transform(target.log(), power))
    torch.testing.assert_close(got[0, :, 3], got[1, :, 1])


def terms(spec, logits, y):
    objective = spec.objective(SimpleNamespace(classes=logits.shape[1], seed=0, epochs=2))
    objective.begin_epoch(0, torch.nn.Identity())
    return objective.terms(torch.nn.Identity(), Batch(logits, y, torch.arange(len(y))))


def test_outputs_at_the_smoothed_label_are_the_optimum():
    target = torch.tensor([[0.92, 0.04, 0.04], [0.04, 0.04, 0.92]])
    logits = target.log().requires_grad_()
    cmi = terms(AnchoredCMIM(label_smoothing=0.12), logits, torch.tensor([0, 2]))["cmi"]
    cmi.sum().backward()
    torch.testing.assert_close(cmi, torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(logits.grad, torch.zeros(2, 3), atol=1e-6, rtol=0)


def test_one_image_of_a_class_is_enough():
    cmi = terms(AnchoredCMIM(), torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([0]))["cmi"]
    assert cmi.item() > 0.1


def test_the_weight_is_a_factor():
    logits, y = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]]), torch.tensor([0, 1])
    once, thrice = (terms(AnchoredCMIM(weight=weight), logits, y)["cmi"] for weight in (0.2, 0.6))
    torch.testing.assert_close(thrice, 3 * once)


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
def test_an_anchor_without_full_support_is_refused(smoothing):
    with pytest.raises(ValueError, match="label_smoothing"):
        AnchoredCMIM(label_smoothing=smoothing)
