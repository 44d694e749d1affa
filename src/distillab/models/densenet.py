"""Densely connected networks."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec
from distillab.models.blocks import conv3x3


class DenseNet121(TorchvisionSpec):
    """7 048 548 parameters at a hundred classes; the CIFAR stem is one convolution, not normalized."""

    name: Literal["densenet121"] = "densenet121"
    paper = "Huang et al., CVPR, 2017"
    label = "DenseNet-121"
    min_size = 8
    factory = "densenet121"

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """A 3x3 convolution of stride 1, and nothing else before the first dense block."""
        left_out = ("features.norm0", "features.relu0", "features.pool0")
        return {"features.conv0": conv3x3(channels, 64)} | {path: nn.Identity() for path in left_out}
