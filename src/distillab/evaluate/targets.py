"""Which class a targeted attack wants of an image."""

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Labels


def random_targets(y: Labels, ids: Int[Tensor, " n"], classes: int, seed: int) -> Labels:
    """One class other than the label, uniform over the others; it depends on the seed and the image's id only."""
    noise = ExampleNoise(seed, tuple(ids.tolist()))
    share = noise.uniform(torch.zeros(len(y), 1, dtype=torch.float64), "target").squeeze(1)
    offset = 1 + (share * (classes - 1)).floor().long()
    return (y + offset.to(y.device)) % classes
