"""C&W L2, strict and fast, against foolbox's L2CarliniWagnerAttack and DDNAttack, and against the floor.

``floor`` is one forward pass and one input gradient of the whole batch, parameters frozen, per iteration of strict
mode. ``as users call it`` leaves the parameters' gradients on. Success is recomputed from the images returned.

Strict mode stops each example by its own loss, as the original does with one image at a time; foolbox stops all by the
sum of their losses, which hardly ever happens. Hence both are also run without early abort, where they mean the same.
"""

from dataclasses import asdict
from typing import Any

import foolbox
import torch
from common import Subject, keep, options, subject, timed

from distillab.attacks import ATTACKS
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Images, PerExample
from distillab.losses.margins import difference_of_logits
from distillab.metrics.intervals import image_difference


def distances(images: Subject, x_adv: Images) -> PerExample:
    """L2 of what really is misclassified; inf for the others, and for the black images that stand for failures."""
    with torch.no_grad():
        lost = (difference_of_logits(images.model(x_adv), images.y) < 0) & (x_adv.flatten(1).amax(dim=1) > 0)
    return (x_adv - images.x).flatten(1).norm(dim=1).where(lost, torch.inf)


def ours(images: Subject, **fields: Any) -> Images:  # noqa: ANN401 - a spec's fields
    """Our attack on all images at once."""
    spec = ATTACKS.parse({"name": "carlini_wagner_l2", **fields})
    noise = ExampleNoise(0, tuple(range(len(images.x))))
    return spec.run(images.model, images.x, images.y, noise=noise).x_adv


def theirs(images: Subject, attack: foolbox.attacks.base.MinimizationAttack, *, frozen: bool) -> Images:
    """A foolbox attack on all images at once."""
    images.model.requires_grad_(not frozen)
    try:
        _, x_adv, _ = attack(foolbox.PyTorchModel(images.model, bounds=(0, 1)), images.x, images.y, epsilons=None)
    finally:
        images.model.requires_grad_(False)
    return x_adv.detach()


def floor(images: Subject, iterations: int) -> None:
    """So many forward passes and input gradients of the whole batch."""
    for _ in range(iterations):
        x = images.x.clone().requires_grad_()
        torch.autograd.grad(difference_of_logits(images.model(x), images.y).sum(), x)


def quality(found: PerExample, reference: PerExample) -> dict[str, Any]:
    """Success, mean distance, and the paired difference to a reference."""
    both = found.isfinite() & reference.isfinite()
    difference = image_difference(found[both].tolist(), reference[both].tolist(), seed=0)
    return {
        "success": float(found.isfinite().double().mean()),
        "distance": float(found[found.isfinite()].mean()),
        "minus_foolbox": asdict(difference),
    }


def strict_against_foolbox(
    images: Subject, search_steps: int, steps: int, *, abort_early: bool
) -> tuple[dict[str, Any], PerExample, float]:
    """One budget: costs over the floor's and over foolbox's, with the quality of both."""
    peer = foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=search_steps, steps=steps, abort_early=abort_early)
    frozen, frozen_time = timed(lambda: theirs(images, peer, frozen=True))
    _, open_time = timed(lambda: theirs(images, peer, frozen=False))
    mine, my_time = timed(
        lambda: ours(images, mode="strict", search_steps=search_steps, steps=steps, abort_early=abort_early)
    )
    _, floor_time = timed(lambda: floor(images, max(1, search_steps * steps // 10)))
    reference = distances(images, frozen)
    result = {
        "of_floor": my_time.cpu / (10 * floor_time.cpu),
        "of_foolbox_frozen": my_time.cpu / frozen_time.cpu,
        "of_foolbox_as_users_call_it": my_time.cpu / open_time.cpu,
        "foolbox": {"cpu": frozen_time.cpu} | quality(reference, reference),
        "strict": {"cpu": my_time.cpu} | quality(distances(images, mine), reference),
    }
    return result, reference, frozen_time.cpu


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    n = 8 if arguments.quick else arguments.images
    images = subject(arguments.data, n, threads=arguments.threads)
    images.model.requires_grad_(False)
    budgets = ((2, 20),) if arguments.quick else ((9, 100), (9, 1_000))
    result: dict[str, Any] = {"images": n}
    reference, cost = torch.empty(0), 0.0
    for search_steps, steps in budgets:
        for abort_early in (False, True):
            name = f"{search_steps}x{steps}" + ("" if abort_early else " without early abort")
            result[name], reference, cost = strict_against_foolbox(images, search_steps, steps, abort_early=abort_early)
    for steps in (20,) if arguments.quick else (50, 100, 200, 300):
        fast, time = timed(lambda steps=steps: ours(images, mode="fast", steps=steps))
        ddn, ddn_time = timed(
            lambda steps=steps: theirs(images, foolbox.attacks.DDNAttack(steps=steps + 1), frozen=True)
        )
        peer = distances(images, ddn)
        against_ddn = image_difference(distances(images, fast).tolist(), peer.tolist(), seed=0)
        result[f"fast_{steps}"] = {
            "of_foolbox_9x1000": time.cpu / cost,
            "cpu": time.cpu,
            **quality(distances(images, fast), reference),
            "ddn_cpu": ddn_time.cpu,
            "ddn_distance": float(peer.mean()),
            "minus_ddn": asdict(against_ddn),
        }
    if not arguments.quick:
        keep("carlini_wagner_l2", result)


if __name__ == "__main__":
    main()
