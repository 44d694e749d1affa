"""Where the time goes of what falls short of its aim: products, normalization, other arithmetic, memory, Python.

Shares of the time of one thread within the profiler of torch, in a step as it is used: a training step, or the bounds
of twenty images. ``products`` are convolutions and matrix products forward and backward, kernels of torch that another
program calls as well; ``python`` is all that is not inside an operator, its dispatch included. Better code around the
products cannot bring a ratio to a peer below their share of it.

`make bench` runs it after the peers.
"""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from adversarial_training import DEFENSE_STEPS, DOMAINS, images_of, network, ours, tuned
from common import options
from distillation import DOMAIN, KD, cached, recipe
from distillation import network as resnet
from record import keep
from steps import step_of
from subjects import SHAPE, Subject, subjects
from torch.profiler import ProfilerActivity, profile, record_function

from distillab.certify.dual import Dual
from distillab.certify.trace import trace
from distillab.core.memory import keep_freed_memory
from distillab.data.dataset import Batch, ResidentImages
from distillab.training.objective import Task

RESULT = Path(__file__).with_name("operators.json")
STEPS = 10
WHOLE = "all of it"
GROUPS = {
    "products": ("conv", "mm", "linear", "matmul", "dot", "mv"),
    "normalization": ("norm",),
    "memory": ("copy", "clone", "empty", "zero", "fill", "cat", "index", "gather", "select", "contiguous", "resize"),
}
"""Operators by a part of their names, the first that fits; others are arithmetic."""


def group_of(operator: str) -> str:
    """The group that an operator's time is told under."""
    if operator == WHOLE:
        return "python"
    name = operator.removeprefix("aten::")
    return next((group for group, parts in GROUPS.items() if any(part in name for part in parts)), "arithmetic")


def shares(step: Callable[[], object]) -> dict[str, float]:
    """Shares of the time of some steps, by group, after two that do not count."""
    step()
    step()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(STEPS):
            with record_function(WHOLE):
                step()
    found = dict.fromkeys((*GROUPS, "arithmetic", "python"), 0.0)
    for event in profiler.key_averages():
        found[group_of(event.key)] += event.self_cpu_time_total
    return {group: round(time / sum(found.values()), 3) for group, time in found.items()}


def dual(subject: Subject) -> Callable[[], object]:
    """The paper's bounds of every margin of some images."""
    graph, bound = trace(subject.model.requires_grad_(requires_grad=False), SHAPE), Dual(intersect=False)
    return lambda: bound.margins(graph, subject.x, subject.y, subject.eps)


def student() -> Callable[[], object]:
    """A step of a ResNet-20 that learns from cached answers."""
    model, images = resnet("resnet20", 0).to(memory_format=torch.channels_last).train(), images_of(DOMAIN)
    index = torch.arange(len(images))
    task = Task(images, index, DOMAIN, 1, 0, lambda seed: resnet("resnet20", seed))
    objective = KD(temperature=4.0, hard_weight=0.1).objective(task, cached(resnet("resnet56", 7).eval(), images))
    return step_of(objective, model, _batch(images, index), recipe(1))


def defended(name: str) -> Callable[[], object]:
    """A step of adversarial training of Wong and Kolter's small network."""
    domain = DOMAINS["wong_small"]
    return ours(DEFENSE_STEPS[name][0], network("wong_small", tuned()), images_of(domain), domain)


def _batch(images: ResidentImages, index: torch.Tensor) -> Batch:
    x = images.images(index).to(memory_format=torch.channels_last)
    return Batch(x, images.y, index)


def main() -> None:
    """Measure and keep."""
    arguments = options(__doc__)
    torch.set_num_threads(1)
    keep_freed_memory()
    result: dict[str, Any] = {
        "distillation, ResNet-20, cached answers": shares(student()),
        "Madry's training, wong_small": shares(defended("madry")),
        "TRADES, wong_small": shares(defended("trades")),
    }
    for subject in islice(subjects(arguments.data, quick=arguments.quick), 2):  # the small network and the dense one
        result[f"dual, {subject.name}"] = shares(dual(subject))
    keep({"steps": STEPS, "shares": result}, None if arguments.quick else RESULT)


if __name__ == "__main__":
    main()
