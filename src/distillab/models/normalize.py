"""Input normalization as the first layer of a network, so that every budget stays in pixel units."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from distillab.core.errors import SpecError
from distillab.core.shapes import Images
from distillab.specs.model import ModelSpec


class Normalize(nn.Module):
    """The affine layer (x - mean) / std, per channel, with fixed statistics.

    Attacks need no special case for it, and certifiers read it as an affine layer with the buffers
    ``mean`` and ``std`` of shape (1, c, 1, 1). Both are saved with the weights: a checkpoint says
    itself how its network sees pixels.

    Raises:
        SpecError: the statistics differ in length, or a standard deviation is not positive.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        if len(mean) != len(std) or min(std, default=0) <= 0:
            raise SpecError(
                "statistics do not normalize images",
                where="normalization",
                expected="one mean and one positive std per channel",
                got=f"mean {tuple(mean)}, std {tuple(std)}",
            )
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, x: Images) -> Images:
        """Images of zero mean and unit variance per channel, if the statistics are those of their data set."""
        return (x - self.mean) / self.std


class FixedInputSpec(ModelSpec):
    """A network whose publication fixes how it sees pixels, whatever the data set's statistics."""

    pixel_mean: ClassVar[float] = 0.0
    """Subtracted from every pixel; 0 with ``pixel_std`` 1 leaves the raw [0, 1] images."""

    pixel_std: ClassVar[float] = 1.0


def normalized(network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> nn.Sequential:
    """The network behind its input normalization, as children ``normalize`` and ``network``; takes [0, 1] images."""
    return nn.Sequential(OrderedDict(normalize=Normalize(mean, std), network=network))
