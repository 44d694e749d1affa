"""Sizes of networks."""

import torch
from torch import nn

from distillab.specs.model import ImageShape, ModelSpec


def parameter_count(module: nn.Module) -> int:
    """Number of learned scalars; the running statistics of batch normalization are not learned."""
    return sum(parameter.numel() for parameter in module.parameters())


def planned_parameter_count(spec: ModelSpec, shape: ImageShape, classes: int) -> int:
    """``parameter_count`` of what ``spec`` would build, without memory for its weights or a random draw."""
    with torch.device("meta"):
        return parameter_count(spec.build(shape, classes))
