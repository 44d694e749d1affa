"""What a network takes on a GPU that is not here to be timed, stated from its own arithmetic."""

import json
from functools import cache
from math import ceil
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from distillab.models import MODELS
from distillab.models.count import parameter_count
from distillab.plan.costs import Cost

FLOPS_PER_SECOND = 4e12
"""Of a GPU that is some years old, in float32, on networks and images that do not fill it."""

STEP_SECONDS = 5e-3
"""The least that a training step takes, however small its network: the CPU has to start each of its kernels."""

BACKWARD = 2
"""Work of a backward pass per work of the forward pass."""

COPIES = 6
"""Of a network in the host's memory: weights, the best so far, two states of the optimizer, a payload, its bytes."""


def seconds_per_image(cost: Cost) -> float:
    """Seconds of a forward and a backward pass of one image: arithmetic, or the least of a step over its images."""
    flops, _ = _size(json.dumps(cost.network, sort_keys=True), cost.shape)
    return max((1 + BACKWARD) * flops / FLOPS_PER_SECOND, STEP_SECONDS / cost.batch_size)


def network_memory_mb(cost: Cost) -> int:
    """Megabytes that a network takes of the host beside the process."""
    _, parameters = _size(json.dumps(cost.network, sort_keys=True), cost.shape)
    return ceil(COPIES * 4 * parameters / 10**6)


@cache
def _size(network: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Operations of an image's forward pass in dense layers and convolutions, and learned scalars; without memory."""
    named: dict[str, Any] = json.loads(network)
    *image, classes = shape
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counted:
        built = MODELS.parse(named).build((image[0], image[1], image[2]), classes).eval()
        built(torch.empty(1, *image))
    return int(counted.get_total_flops()), parameter_count(built)
