"""C&W L0 and Linf, strict and fast, against ART's CarliniL0Method and CarliniLInfMethod.

``art`` is ART with its defaults; ``art_tuned`` has the steps that its Linf attack needs to succeed at all on these
images. ART attacks one image at a time in Linf, so few images are used. Success and distances of all contestants are
recomputed from the images they return; an image that is still classified as labelled is a failure. ``floor`` is one
forward pass and one input gradient of the whole batch.
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
from distillab.attacks.projections import NORMS
from distillab.core.shapes import Images, PerExample
from distillab.evaluate.run_attack import run_attack
from distillab.losses.margins import difference_of_logits
from distillab.metrics.intervals import image_difference
from distillab.specs.attack import AttackSpec

PEERS = {"linf": CarliniLInfMethod, "l0": CarliniL0Method}
ART: dict[str, dict[str, dict[str, Any]]] = {
    "linf": {"art": {}, "art_tuned": {"max_iter": 30, "learning_rate": 0.1}},
    "l0": {"art": {}},
}
SMOKE = {"max_iter": 1, "initial_const": 1.0}


def art_images(norm: str, images: Subject, fields: dict[str, Any]) -> Images:
    """What ART returns, untargeted."""
    classifier = PyTorchClassifier(images.model, nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0.0, 1.0))
    together = {"batch_size": len(images.x)} if norm == "l0" else {}
    attack = PEERS[norm](classifier, targeted=False, verbose=False, **together, **fields)
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


def quality(found: PerExample, peer: PerExample) -> dict[str, Any]:
    """Success, mean distance of the successes, and the mean difference to the peer where both succeed."""
    hit, both = found.isfinite(), found.isfinite() & peer.isfinite()
    return {
        "success": float(hit.double().mean()),
        "distance": float(found[hit].mean()) if hit.any() else None,
        "minus_art": asdict(image_difference(found[both].tolist(), peer[both].tolist(), seed=0))
        if both.any()
        else None,
    }


def floor(images: Subject, iterations: int) -> Callable[[], None]:
    """One forward pass and one input gradient per iteration, with frozen parameters."""
    logits_fn = images.model

    def call() -> None:
        for _ in range(iterations):
            x = images.x.clone().requires_grad_()
            torch.autograd.grad(difference_of_logits(logits_fn(x), images.y).sum(), x)

    return call


def compare(norm: str, images: Subject, specs: dict[str, AttackSpec], *, quick: bool) -> dict[str, Any]:
    """All contestants in one norm; ``minus_art`` compares with the best run of ART, ``of_art`` with its defaults."""
    result: dict[str, Any] = {}
    for label, fields in ART[norm].items():
        x_adv, time = timed(lambda fields=fields: art_images(norm, images, fields | SMOKE if quick else fields))
        peer = distances(norm, images, x_adv)
        result[label] = {"cpu": time.cpu} | quality(peer, peer)
    for label, spec in specs.items():
        (x_adv, forwards), time = timed(lambda spec=spec: own_images(spec, images))
        result[label] = {"cpu": time.cpu, "forwards": forwards}
        result[label] |= {f"of_{art}": time.cpu / result[art]["cpu"] for art in ART[norm]}
        result[label] |= quality(distances(norm, images, x_adv), peer)
    iterations = 20 if quick else 500
    _, time = timed(floor(images, iterations))
    result["floor"] = time.cpu / iterations
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
