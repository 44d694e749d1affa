"""JSMA of probabilities and of logits, against ART's SaliencyMapMethod on the same outputs, all wrong targets.

ART raises the two features with the largest gradient of the target's output, which is the published pair for
probabilities and is not for logits. It stops after the pair that passes gamma, so gamma is given to it half a feature
below the budget. Success and changed features are recomputed from the images that come back; a pair of image and target
whose target does not win is a failure. ``floor`` is the CPU time of one forward pass and one input gradient per
forward pass that distillab made of an image, in full batches; the logits' saliency takes two gradients.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from art.attacks.evasion import SaliencyMapMethod
from art.estimators.classification import PyTorchClassifier
from common import Subject, Timed, keep, options, subject, timed
from torch import nn

from distillab.attacks.jsma import JSMA
from distillab.core.shapes import Images, Labels, PerExample
from distillab.evaluate.run_attack import run_attack
from distillab.losses.margins import targeted_difference_of_logits
from distillab.metrics.intervals import image_difference

BUDGET = 112
"""Features that may change, as in the papers."""

BATCH = 240


def art_images(images: Subject, y_target: Labels, *, variant: str) -> Images:
    """What ART returns."""
    outputs = images.model if variant == "logits" else nn.Sequential(images.model, nn.Softmax(dim=1))
    classifier = PyTorchClassifier(outputs, nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0.0, 1.0))
    attack = SaliencyMapMethod(classifier, theta=1.0, gamma=(BUDGET - 0.5) / 784, batch_size=BATCH, verbose=False)
    return torch.from_numpy(attack.generate(images.x.numpy(), np.eye(10)[y_target.numpy()])).float()


def own_images(images: Subject, y_target: Labels, *, variant: str) -> tuple[Images, int]:
    """What distillab returns, checks included, as users call it; and the forward passes of all images together."""
    n = len(images.x)
    spec = JSMA.model_validate({"variant": variant, "gamma": BUDGET / 784, "batch_size": BATCH})
    record = run_attack(images.model, images.x, images.y, range(n), spec=spec, seed=0, y_target=y_target, keep=n)
    x_adv = images.x.clone()
    x_adv[record.success] = record.kept
    return x_adv, int(record.forwards.sum())


def changed(images: Subject, y_target: Labels, x_adv: Images) -> PerExample:
    """Features changed, inf for a failure."""
    with torch.no_grad():
        won = targeted_difference_of_logits(images.model(x_adv), y_target) < 0
    return (x_adv != images.x).flatten(1).sum(dim=1).double().where(won, torch.inf)


def quality(mine: PerExample, peer: PerExample) -> dict[str, Any]:
    """Success, mean changed features of the successes, and the mean difference to the peer where both succeed."""
    both = mine.isfinite() & peer.isfinite()
    return {
        "success": float(mine.isfinite().double().mean()),
        "features": float(mine[mine.isfinite()].mean()),
        "features_minus_art": asdict(image_difference(mine[both].tolist(), peer[both].tolist(), seed=0)),
    }


def floor(images: Subject, passes: int) -> Callable[[], None]:
    """At least so many forward passes and input gradients of an image, with frozen parameters."""
    logits_fn, x_whole = images.model, images.x[:BATCH]

    def call() -> None:
        for _ in range(-(-passes // len(x_whole))):
            x = x_whole.clone().requires_grad_()
            torch.autograd.grad(logits_fn(x).sum(), x)

    return call


def compare(images: Subject, y_target: Labels, *, variant: str) -> dict[str, Any]:
    """Both contestants on the same outputs."""
    art, art_time = timed(lambda: art_images(images, y_target, variant=variant))
    (own, forwards), own_time = timed(lambda: own_images(images, y_target, variant=variant))
    _, floor_time = timed(floor(images, forwards))
    peer = changed(images, y_target, art)
    return {
        "of_art": round(own_time.cpu / art_time.cpu, 3),
        "of_floor": round(own_time.cpu / floor_time.cpu, 2),
        "forwards": forwards / len(images.x),
        "art": seconds(art_time) | quality(peer, peer),
        "distillab": seconds(own_time) | quality(changed(images, y_target, own), peer),
    }


def seconds(time: Timed) -> dict[str, float]:
    """CPU and wall seconds by name."""
    return asdict(time)


def main() -> None:
    """Each image towards each of its nine wrong classes."""
    chosen = options(__doc__)
    few = subject(chosen.data, 3 if chosen.quick else chosen.images, threads=chosen.threads)
    few.model.requires_grad_(False)
    pairs = Subject(few.model, few.x.repeat_interleave(9, dim=0), few.y.repeat_interleave(9))
    y_target = (pairs.y + torch.arange(9).repeat(len(few.x)) + 1) % 10
    result: dict[str, Any] = {"images": len(few.x), "pairs": len(pairs.x), "batch_size": BATCH}
    for variant in ("probabilities", "logits"):
        result[variant] = compare(pairs, y_target, variant=variant)
        print(variant, result[variant], flush=True)
    if not chosen.quick:
        keep("jsma", result)


if __name__ == "__main__":
    main()
