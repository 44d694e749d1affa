"""What CMIM adds to a training step of ResNet-18 at CIFAR-100's shapes, batch 128, on one thread.

A step is forward, loss, backward and optimizer, timed in CPU seconds; the variants take turns, and a ratio is that of
their medians (``of_ce``) or of their fastest steps (``of_ce_fastest``), which a machine's other work disturbs least.
``fast`` keeps a full bank of twenty outputs a class. ``faithful`` forwards one image of each of so many classes in
every step and estimates nothing else; ``expected`` is ``1 + images / (3 batch)``, a forward pass being a third of a
step. A shared machine's noise is a few percent of a step, so what the losses cost is measured on logits alone too.

Run it from the project: ``PYTHONPATH=benchmarks python benchmarks/defenses/cmim.py``; ``--quick`` takes a small network
and writes nothing.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from record import keep
from steps import Step, parser, step_of, timed
from torch import Tensor, nn

from distillab.core.memory import keep_freed_memory
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses import DEFENSES
from distillab.defenses.centroid_bank import CentroidBank
from distillab.defenses.concentration import ConcentrationObjective
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain
from distillab.specs.train import TrainSpec
from distillab.training.fit import Prepared
from distillab.training.objective import Objective, Task

RESULT = Path(__file__).parent / "results" / "cmim.json"
RECIPE = TrainSpec(epochs=1)
DOMAIN = Domain((3, 32, 32), 100, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
BATCH = 128
EXTRA = (0, 16, 41, 48, 61, 100)
"""Images forwarded for centroids in a step; 41 and 61 are what the paper's reported overheads allow for."""

LITERAL = {"name": "cmim", "mode": "faithful", "q_samples_per_class": 1, "q_refresh_every": 0}
NETWORK_VARIANTS: dict[str, dict[str, Any]] = {"ce": {"name": "ce"}, "fast": {"name": "cmim"}} | {
    f"faithful {extra}": {**LITERAL, "q_classes_per_step": extra} for extra in EXTRA
}
LOSS_VARIANTS: dict[str, dict[str, Any]] = {
    "ce": {"name": "ce"},
    "fast": {"name": "cmim"},
    "flat": {"name": "cmim_flat"},
    "anchored": {"name": "cmim_anchored"},
}
"""Those that forward nothing but the batch."""


def normal(*shape: int) -> Tensor:
    """Standard normal numbers, always the same."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def objective_of(defense: dict[str, Any], images: ResidentImages) -> Objective:
    """A variant's objective in its first epoch; a bank is full."""
    task = Task(images, torch.arange(len(images)), DOMAIN, epochs=1, seed=0, network=lambda _seed: nn.Identity())
    objective = DEFENSES.parse(defense).objective(task)
    objective.begin_epoch(0, nn.Identity())
    if isinstance(objective, ConcentrationObjective) and isinstance(objective.centroids, CentroidBank):
        rows = torch.arange(DOMAIN.classes).repeat(objective.centroids.size)
        objective.centroids.end_step(normal(len(rows), DOMAIN.classes).log_softmax(dim=1), rows)
    return objective


def of_ce(seconds: dict[str, list[float]], statistic: Callable[[list[float]], float]) -> dict[str, float]:
    """Each variant's statistic over that of plain cross-entropy."""
    return {name: round(statistic(values) / statistic(seconds["ce"]), 3) for name, values in seconds.items()}


def network_steps(network: str, images: ResidentImages) -> dict[str, Step]:
    """A whole step of each variant, on one and the same network."""
    index = torch.arange(BATCH)
    batch = Batch(images.images(index), images.y[index], index)
    model = Prepared(build_model(MODELS.parse({"name": network}), DOMAIN, seed=0), RECIPE).train()
    return {name: step_of(objective_of(spec, images), model, batch, RECIPE) for name, spec in NETWORK_VARIANTS.items()}


def loss_steps(images: ResidentImages) -> dict[str, Step]:
    """The loss alone, with a layer that holds the logits instead of a network."""
    index = torch.arange(BATCH)
    batch, logits = Batch(torch.eye(BATCH), images.y[index], index), nn.Linear(BATCH, DOMAIN.classes, bias=False)
    return {name: step_of(objective_of(spec, images), logits, batch, RECIPE) for name, spec in LOSS_VARIANTS.items()}


def main() -> None:
    """Measure, print, and keep the result."""
    chosen = parser(__doc__, repeats=4).parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    y = torch.randint(DOMAIN.classes, (2000,), generator=torch.Generator().manual_seed(0))
    images = ResidentImages((normal(2000, *DOMAIN.shape) * 40 + 128).clamp(0, 255).to(torch.uint8), y, 255)
    network = "plain_cnn" if chosen.quick else "resnet18"
    step = timed(network_steps(network, images), repeats=chosen.repeats)
    loss = {name: median(values) for name, values in timed(loss_steps(images), repeats=30).items()}
    ce = median(step["ce"])
    result = {
        "network": network,
        "batch": BATCH,
        "repeats": chosen.repeats,
        "ce_seconds": round(ce, 3),
        "of_ce": of_ce(step, median),
        "of_ce_fastest": of_ce(step, min),
        "expected": {f"faithful {extra}": round(1 + extra / (3 * BATCH), 3) for extra in EXTRA},
        "loss_milliseconds": {name: round(1000 * seconds, 2) for name, seconds in loss.items()},
        "loss_of_ce_step": {name: round((loss[name] - loss["ce"]) / ce, 4) for name in loss if name != "ce"},
    }
    keep(result, None if chosen.quick else RESULT)


if __name__ == "__main__":
    main()
