"""AutoAttack through our harness against the library that it is made of, called directly: cost and verdicts.

Both make the standard version's attacks in its order on the images that are left. The harness gives each example its
own random start, where the library draws for the whole batch: a single image may fall to one and not to the other.
"""

from typing import Any

import torch
from common import Subject, keep, options, subject, timed
from pyautoattack import AutoAttack

from distillab.attacks import ATTACKS
from distillab.core.shapes import Flags
from distillab.evaluate.run_attack import run_attack
from distillab.losses.margins import difference_of_logits

EPS = 0.12
"""About half of the images withstand it on this network."""


def ours(images: Subject) -> Flags:
    """Images that withstand everything; the harness checks what it is told."""
    spec = ATTACKS.parse({"name": "autoattack", "eps": EPS, "batch_size": len(images.x)})
    record = run_attack(images.model, images.x, images.y, range(len(images.x)), spec=spec, seed=0, keep=0)
    return record.correct & ~record.success


def direct(images: Subject) -> Flags:
    """The same by the library alone."""
    attack = AutoAttack(images.model, norm="Linf", eps=EPS, seed=0, version="standard")
    made: Any = attack.run_standard_evaluation(images.x, images.y, batch_size=len(images.x))
    x_adv: torch.Tensor = made if isinstance(made, torch.Tensor) else made[0]
    with torch.no_grad():
        return difference_of_logits(images.model(x_adv), images.y) >= 0


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    n = 4 if arguments.quick else arguments.images
    images = subject(arguments.data, n, threads=arguments.threads)
    images.model.requires_grad_(False)
    theirs, their_time = timed(lambda: direct(images))
    found, time = timed(lambda: ours(images))
    result = {
        "images": n,
        "eps": EPS,
        "robust": int(found.sum()),
        "robust_directly": int(theirs.sum()),
        "same_flags": float((found == theirs).double().mean()),
        "ours": time,
        "direct": their_time,
        "of_direct": round(time.cpu / their_time.cpu, 3),
    }
    print(result)
    if not arguments.quick:
        keep("autoattack", result)


if __name__ == "__main__":
    main()
