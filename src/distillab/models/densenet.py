"""Densely connected networks."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec
from distillab.models.blocks import conv3x3


class DenseNet121(TorchvisionSpec):
    """7 048 676 parameters at a hundred classes.

    128 more than in the collection that the CMIM paper's results resemble: torchvision normalizes the stem.
    """

    name: Literal["densenet121"] = "densenet121"
    paper = "Huang et al., CVPR, 2017"
    label = "DenseNet-121"
    min_size = 8
    factory = "densenet121"

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """A 3x3 convolution of stride 1, and no pool."""
        return {"features.conv0": conv3x3(channels, 64), "features.pool0": nn.Identity()}
