"""Timing a network on this machine: a few forward and backward passes on random images."""

import time

import torch

from distillab.core.job import Plan
from distillab.models import MODELS
from distillab.models.untrained import untrained
from distillab.plan.costs import Cost

STEPS = 3
LARGEST = 2.0
"""Seconds after which a measurement is long enough whatever the number of steps."""


def seconds_per_image(plan: Plan, cost: Cost) -> float:
    """Seconds of one forward and one backward pass per image: the fastest of up to three steps after a first one."""
    torch.set_num_threads(cost.threads)
    device = _device(plan)
    model, x, y = _work(plan, cost, device)
    times: list[float] = []
    while len(times) <= STEPS and sum(times) < LARGEST:
        times.append(_step(model, x, y, device, bfloat16="bfloat16" in cost.settings))
    return min(times[1:] or times) / cost.batch_size


def _device(plan: Plan) -> str:
    return "cuda" if plan.params["device"] != "cpu" and torch.cuda.is_available() else "cpu"


def _work(plan: Plan, cost: Cost, device: str) -> tuple[torch.nn.Module, torch.Tensor, torch.Tensor]:
    """The network, and a batch of random images with labels."""
    facts = plan.facts["data"]
    shape = tuple(facts["shape"])
    model = untrained(MODELS.parse(cost.network), shape, facts["classes"]).to(device)
    with torch.device(device):
        x, y = torch.rand(cost.batch_size, *shape), torch.zeros(cost.batch_size, dtype=torch.long)
    if "channels_last" in cost.settings:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model, x, y


def _step(model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, device: str, *, bfloat16: bool) -> float:
    """Seconds of one pass."""
    start = time.perf_counter()
    with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
        logits = model(x)
    torch.nn.functional.cross_entropy(logits.float(), y).backward()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start
