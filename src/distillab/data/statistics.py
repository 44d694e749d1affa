"""Channel mean and standard deviation: what the normalization layer in front of a network holds."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.data.dataset import ImageSource, batches

CHUNK = 256


@dataclass(frozen=True)
class ChannelStatistics:
    """Mean and population standard deviation of pixels in [0, 1], one number per channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def channel_statistics(source: ImageSource, index: Int[Tensor, " m"]) -> ChannelStatistics:
    """Statistics of the images at ``index`` (the train split, without augmentation), summed in float64.

    A channel that never changes has a standard deviation of 0.
    """
    total, squares, pixels = torch.zeros(1), torch.zeros(1), 0
    for batch in batches(source, index, batch_size=CHUNK):
        flat = batch.x.transpose(0, 1).flatten(1).double()
        total = total.to(flat) + flat.sum(1)
        squares = squares.to(flat) + flat.square().sum(1)
        pixels += flat.shape[1]
    mean = total / pixels
    std = (squares / pixels - mean.square()).clamp_min(0).sqrt()
    return ChannelStatistics(tuple(mean.tolist()), tuple(std.tolist()))
