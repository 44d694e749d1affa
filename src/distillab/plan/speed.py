"""Timing a network on this machine: a few forward and backward passes on random images."""

import time

import torch

from distillab.core.job import Plan
from distillab.models import MODELS
from distillab.models.load import build_model
from distillab.plan.costs import Cost
from distillab.specs.model import Domain

STEPS = 3
LARGEST = 2.0
"""Seconds after which a measurement is long enough whatever the number of steps."""


def seconds_per_image(plan: Plan, cost: Cost) -> float:
    """Seconds of one forward and one backward pass per image: the fastest of up to three steps after a first one."""
    facts = plan.facts["data"]
    shape, classes = tuple(facts["shape"]), int(facts["classes"])
    device = "cuda" if plan.params["device"] != "cpu" and torch.cuda.is_available() else "cpu"
    torch.set_num_threads(cost.threads)
    channels = shape[0]
    domain = Domain(shape, classes, (0.5,) * channels, (0.5,) * channels)
    model = build_model(MODELS.parse(cost.network), domain, seed=0).to(device)
    x, y = (
        torch.rand(cost.batch_size, *shape, device=device),
        torch.zeros(cost.batch_size, dtype=torch.long, device=device),
    )
    if "channels_last" in cost.settings:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)  # type: ignore[call-overload]
    bfloat16 = "bfloat16" in cost.settings
    times: list[float] = []
    while len(times) <= STEPS and sum(times) < LARGEST:
        start = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            logits = model(x)
        torch.nn.functional.cross_entropy(logits.float(), y).backward()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times[1:] or times) / cost.batch_size
