"""What a training step against PGD-10 costs: Madry's and TRADES', over the passes in it and over a plain loop.

A step is the whole of it on a batch of 128: adversarial images, forward, loss, backward, optimizer. A pass is one
forward and backward pass of the same network with gradients of its parameters. ``of_passes`` is a step over the passes
in it: 11 for Madry, 12 for TRADES, whose loss looks at clean images too. ``of_floor`` is Madry's step over ten
gradients of the images, parameters frozen, and one pass: what is above 1 is this project's own. The strided
convolutions of small networks have slow kernels for the gradient of their input, which the first ratio shows and the
second does not. ``of_plain`` is TRADES over the loop that releases have: contiguous float32, parameters that require
gradients during the attack, and a forward pass of the clean images in every step of it. Everything takes turns; a
ratio is that of the fastest repetitions, which a machine's other work disturbs least. Images are channels-last;
bfloat16 is used where the processor multiplies it.

Run it from the project: ``PYTHONPATH=benchmarks python benchmarks/defenses/adversarial_training.py``; ``--quick`` takes
a small network and writes nothing, ``--networks resnet18`` takes minutes a step.
"""

import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from record import keep
from steps import RATE, Step, parser, step_of, timed
from torch import nn

from distillab.core.memory import keep_freed_memory
from distillab.data.dataset import Batch, ResidentImages
from distillab.defenses import DEFENSES
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.specs.model import Domain
from distillab.specs.train import TrainSpec
from distillab.training.fit import Prepared
from distillab.training.objective import Task
from distillab.training.optimizers import optimizer_for

RESULT = Path(__file__).parent / "results" / "adversarial_training.json"
BATCH, STEPS, EPS, STEP_SIZE, BETA, NOISE = 128, 10, 0.031, 0.007, 6.0, 0.001
ATTACK = {"eps": EPS, "step_size": STEP_SIZE, "steps": STEPS}
DEFENSE_STEPS = {"madry": ({"name": "madry", **ATTACK}, STEPS + 1), "trades": ({"name": "trades", **ATTACK}, STEPS + 2)}
"""A training, and the number of passes that a step of it makes."""

DOMAINS = {
    "wong_small": Domain((1, 28, 28), 10, (0.5,), (1.0,)),
    "plain_cnn": Domain((3, 32, 32), 10, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
    "resnet18": Domain((3, 32, 32), 10, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
}


def tuned() -> TrainSpec:
    """The fastest recipe of this processor."""
    flags = Path("/proc/cpuinfo")
    known = flags.read_text(encoding="utf-8") if flags.is_file() else ""
    multiplies = any(name in known for name in ("avx512_bf16", "amx_bf16"))
    return TrainSpec(epochs=1, channels_last=True, precision="bfloat16" if multiplies else "float32")


def network(name: str, recipe: TrainSpec) -> Prepared:
    """The same weights for everyone."""
    return Prepared(build_model(MODELS.parse({"name": name}), DOMAINS[name], seed=0), recipe).train()


def images_of(domain: Domain) -> ResidentImages:
    """One batch of random pixels and labels."""
    stream = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (BATCH, *domain.shape), generator=stream).to(torch.uint8)
    return ResidentImages(x, torch.randint(domain.classes, (BATCH,), generator=stream), 255)


def batch_of(images: ResidentImages) -> Batch:
    """All of them."""
    index = torch.arange(BATCH)
    return Batch(images.images(index), images.y, index)


def one_pass(model: nn.Module, batch: Batch) -> Step:
    """A forward and a backward pass in training mode."""

    def step() -> None:
        model.zero_grad()
        F.cross_entropy(model(batch.x), batch.y).backward()

    return step


def image_gradient(model: nn.Module, batch: Batch) -> Step:
    """A forward pass and a backward pass to the images, parameters frozen, in evaluation mode."""
    model.eval().requires_grad_(False)

    def step() -> None:
        x = batch.x.clone().requires_grad_()
        torch.autograd.grad(F.cross_entropy(model(x), batch.y, reduction="sum"), x)

    return step


def ours(defense: dict[str, Any], model: Prepared, images: ResidentImages, domain: Domain) -> Step:
    """A step as the training loop takes it."""
    batch = batch_of(images)
    objective = DEFENSES.parse(defense).objective(Task(images, batch.index, domain, 1, 0, lambda _seed: model))
    objective.begin_epoch(0, model)
    return step_of(objective, model, batch, model.spec)


def plain_trades(model: Prepared, batch: Batch) -> Step:
    """A step of TRADES without any of the savings."""
    optimizer, x = optimizer_for(model, model.spec), batch.x

    def step() -> None:
        model.eval()
        moving = x + NOISE * torch.randn_like(x)
        for _ in range(STEPS):
            moving = moving.clone().requires_grad_()
            climbed = F.kl_div(model(moving).log_softmax(1), model(x).softmax(1), reduction="sum")
            (gradient,) = torch.autograd.grad(climbed, moving)
            moving = moving.detach() + STEP_SIZE * gradient.sign()
            moving = torch.min(torch.max(moving, x - EPS), x + EPS).clamp(0, 1)
        model.train()
        optimizer.zero_grad()
        clean = F.cross_entropy(model(x), batch.y)
        robust = F.kl_div(model(moving).log_softmax(1), model(x).softmax(1), reduction="batchmean")
        (clean + BETA * robust).backward()
        optimizer.step(RATE)

    return step


def measured(name: str, *, repeats: int) -> dict[str, Any]:
    """Seconds and ratios on one network."""
    domain, recipe = DOMAINS[name], tuned()
    images = images_of(domain)
    steps = {"pass": one_pass(network(name, recipe), batch_of(images))}
    steps["gradient"] = image_gradient(network(name, recipe), batch_of(images))
    steps |= {key: ours(spec, network(name, recipe), images, domain) for key, (spec, _) in DEFENSE_STEPS.items()}
    steps["plain"] = plain_trades(network(name, TrainSpec(epochs=1)), batch_of(images))
    turns = timed(steps, repeats=repeats, clock=time.perf_counter)
    seconds = {key: min(values) for key, values in turns.items()}
    of_passes = {key: seconds[key] / (passes * seconds["pass"]) for key, (_, passes) in DEFENSE_STEPS.items()}
    return {
        "seconds": {key: round(value, 4) for key, value in seconds.items()},
        "of_passes": {key: round(value, 3) for key, value in of_passes.items()},
        "of_floor": round(seconds["madry"] / (STEPS * seconds["gradient"] + seconds["pass"]), 3),
        "of_plain": round(seconds["trades"] / seconds["plain"], 3),
    }


def main() -> None:
    """Measure, print, and keep the result."""
    options = parser(__doc__, repeats=5)
    options.add_argument("--networks", nargs="+", choices=DOMAINS, default=["wong_small", "plain_cnn"])
    options.add_argument("--threads", type=int, default=2, help="CPU threads of torch")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    keep_freed_memory()
    names = ["wong_small"] if chosen.quick else chosen.networks
    result = {
        "steps_of_attack": STEPS,
        "batch": BATCH,
        "threads": chosen.threads,
        "precision": tuned().precision,
        "networks": {name: measured(name, repeats=chosen.repeats) for name in names},
    }
    keep(result, None if chosen.quick else RESULT)


if __name__ == "__main__":
    main()
