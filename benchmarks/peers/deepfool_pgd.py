"""DeepFool against foolbox's, and PGD against its floor where no example falls early and where most do.

PGD's floor is one forward pass and one input gradient of the whole batch per step, parameters frozen.
"""

from dataclasses import asdict
from typing import Any

import foolbox
import torch
from common import Subject, keep, options, subject, timed

from distillab.attacks import ATTACKS
from distillab.attacks.projections import NORMS
from distillab.attacks.result import AttackResult
from distillab.core.generators import ExampleNoise
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.margins import difference_of_logits
from distillab.metrics.intervals import image_difference

PEERS = {"l2": foolbox.attacks.L2DeepFoolAttack, "linf": foolbox.attacks.LinfDeepFoolAttack}
STEPS = 40


def ours(images: Subject, **fields: Any) -> AttackResult:  # noqa: ANN401 - a spec's fields
    """Our attack on all images at once."""
    noise = ExampleNoise(0, tuple(range(len(images.x))))
    return ATTACKS.parse(fields).run(images.model, images.x, images.y, noise=noise)


def deepfool(images: Subject, norm: str) -> dict[str, Any]:
    """Costs and distances; ``unrefined`` leaves out the bisection that foolbox does not make."""
    model = foolbox.PyTorchModel(images.model, bounds=(0, 1))
    (_, x_adv, _), peer_time = timed(lambda: PEERS[norm](steps=50)(model, images.x, images.y, epsilons=None))
    with torch.no_grad():
        lost = difference_of_logits(images.model(x_adv), images.y) < 0
    peer = NORMS[norm](x_adv - images.x).where(lost, torch.inf)
    result: dict[str, Any] = {"foolbox": {"cpu": peer_time.cpu, "success": float(lost.double().mean())}}
    result["foolbox"]["distance"] = float(peer[lost].mean())
    for name, refine in (("refined", 10), ("unrefined", 0)):
        found, time = timed(lambda refine=refine: ours(images, name="deepfool", norm=norm, refine=refine))
        both = found.success & lost
        result[name] = {
            "of_foolbox": time.cpu / peer_time.cpu,
            "success": float(found.success.double().mean()),
            "distance": float(found.distance[found.success].mean()),
            "minus_foolbox": asdict(image_difference(found.distance[both].tolist(), peer[both].tolist(), seed=0)),
        }
    return result


def floor(images: Subject) -> None:
    """What 40 steps need if nobody leaves."""
    for _ in range(STEPS):
        x = images.x.clone().requires_grad_()
        torch.autograd.grad(cross_entropy(images.model(x), images.y).sum(), x)


def pgd(images: Subject, eps: float, repeats: int) -> dict[str, Any]:
    """Our cost over the floor's at one radius, repeated and summed."""
    found, _ = timed(lambda: ours(images, name="pgd", eps=eps, step_size=eps / 10, steps=STEPS))
    _, time = timed(
        lambda: [ours(images, name="pgd", eps=eps, step_size=eps / 10, steps=STEPS) for _ in range(repeats)]
    )
    _, least = timed(lambda: [floor(images) for _ in range(repeats)])
    return {"eps": eps, "success": float(found.success.double().mean()), "of_floor": time.cpu / least.cpu}


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    n = 8 if arguments.quick else arguments.images
    images = subject(arguments.data, n, threads=arguments.threads)
    images.model.requires_grad_(False)
    result: dict[str, Any] = {"images": n} | {f"deepfool_{norm}": deepfool(images, norm) for norm in PEERS}
    for name, eps in (("pgd_nobody_falls", 0.01), ("pgd_most_fall", 0.3)):
        result[name] = pgd(images, eps, 1 if arguments.quick else 10)
    if not arguments.quick:
        keep("deepfool_pgd", result)


if __name__ == "__main__":
    main()
