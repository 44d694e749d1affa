"""C&W L0 and Linf, strict and fast, against ART's CarliniL0Method and CarliniLInfMethod at ART's defaults.

ART attacks one image at a time in Linf, so few images are used. Success and distances of all contestants are
recomputed from the images they return; an image that is still classified as labelled is a failure. ``floor`` is the
CPU time of one forward pass and one input gradient per iteration that strict mode makes, on the same batch.
"""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from art.attacks.evasion import CarliniL0Method, CarliniLInfMethod
from art.estimators.classification import PyTorchClassifier
from common import Subject, keep, options, subject, timed
from torch import nn

from distillab.attacks import ATTACKS
from distillab.attacks.padding import padded
from distillab.attacks.projections import NORMS
from distillab.core.shapes import Images, PerExample
from distillab.evaluate.run_attack import run_attack
from distillab.losses.margins import difference_of_logits
from distillab.metrics.intervals import image_difference
from distillab.specs.attack import AttackSpec

PEERS = {"linf": CarliniLInfMethod, "l0": CarliniL0Method}


def art_images(norm: str, images: Subject, *, quick: bool) -> Images:
    """What ART returns, untargeted."""
    classifier = PyTorchClassifier(images.model, nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0.0, 1.0))
    fewer: dict[str, Any] = {"max_iter": 1, "initial_const": 1.0} if quick else {}
    together = {"batch_size": len(images.x)} if norm == "l0" else {}
    attack = PEERS[norm](classifier, targeted=False, verbose=False, **together, **fewer)
    return torch.from_numpy(attack.generate(images.x.numpy(), np.eye(10)[images.y.numpy()])).float()


def own_images(spec: AttackSpec, images: Subject) -> tuple[Images, float]:
    """What distillab returns, and the mean number of forward passes; checks included, as users call it."""
    n = len(images.x)
    record = run_attack(images.model, images.x, images.y, range(n), spec=spec, seed=0, keep=n)
    x_adv = images.x.clone()
    x_adv[record.success] = record.kept
    return x_adv, float(record.forwards.double().mean())


def distances(norm: str, images: Subject, x_adv: Images) -> PerExample:
    """Recomputed, inf for a failure."""
    with torch.no_grad():
        lost = difference_of_logits(images.model(x_adv), images.y) < 0
    return NORMS[norm](x_adv - images.x).where(lost, torch.inf)


def quality(mine: PerExample, peer: PerExample) -> dict[str, Any]:
    """Success, mean distance of the successes, and the mean difference to the peer where both succeed."""
    both = mine.isfinite() & peer.isfinite()
    difference = image_difference(mine[both].tolist(), peer[both].tolist(), seed=0) if both.any() else None
    return {
        "success": float(mine.isfinite().double().mean()),
        "distance": float(mine[mine.isfinite()].mean()),
        "distance_minus_art": None if difference is None else asdict(difference),
    }


def floor(images: Subject, iterations: int) -> Callable[[], None]:
    """One forward pass and one input gradient per iteration, with frozen parameters."""
    logits_fn = padded(images.model)

    def call() -> None:
        for _ in range(iterations):
            x = images.x.clone().requires_grad_()
            torch.autograd.grad(difference_of_logits(logits_fn(x), images.y).sum(), x)

    return call


def compare(norm: str, images: Subject, specs: dict[str, AttackSpec], *, quick: bool) -> dict[str, Any]:
    """All contestants in one norm."""
    art, art_time = timed(lambda: art_images(norm, images, quick=quick))
    peer = distances(norm, images, art)
    result: dict[str, Any] = {"art": {"cpu": art_time.cpu} | quality(peer, peer)}
    for label, spec in specs.items():
        (x_adv, forwards), time = timed(lambda spec=spec: own_images(spec, images))
        result[label] = {"cpu": time.cpu, "of_art": time.cpu / art_time.cpu, "forwards": forwards}
        result[label] |= quality(distances(norm, images, x_adv), peer)
    iterations = 20 if quick else 500
    _, time = timed(floor(images, iterations))
    result["floor_per_iteration"] = time.cpu / iterations
    print(norm, result, flush=True)
    return result


def contestants(norm: str, chosen: Namespace) -> dict[str, AttackSpec]:
    """Strict and fast mode; L0 also with pixels put back."""
    name = f"carlini_wagner_{norm}"
    fast = {f"fast_{budget}": {"mode": "fast", "budget": budget} for budget in ("ci", "default", "paper")}
    strict: dict[str, dict[str, Any]] = {"strict_ci": {"budget": "ci"}, "strict_default": {"budget": "default"}}
    if norm == "l0":
        strict |= {"strict_ci_margin_prune": {"budget": "ci", "score": "margin", "prune": True}}
    if chosen.quick:
        fast, strict = {"fast_ci": fast["fast_ci"]}, {"strict": {"steps": 3, "initial_const": 1.0}}
    return {label: ATTACKS.parse({"name": name, **fields}) for label, fields in (fast | strict).items()}


def main() -> None:
    """Few images in Linf, where ART takes them one by one."""
    chosen = options(__doc__)
    few = 2 if chosen.quick else min(chosen.images, 20)
    images = subject(chosen.data, few, threads=chosen.threads)
    images.model.requires_grad_(False)
    result: dict[str, Any] = {"images": few}
    for norm in PEERS:
        result[norm] = compare(norm, images, contestants(norm, chosen), quick=chosen.quick)
    if not chosen.quick:
        keep("carlini_wagner_l0_linf", result)


if __name__ == "__main__":
    main()
