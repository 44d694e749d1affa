"""ShuffleNet V2."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec
from distillab.models.blocks import conv3x3


class ShuffleNetV2(TorchvisionSpec):
    """ShuffleNet V2 x1.0: 1 356 104 parameters at a hundred classes.

    0.4 % fewer than in the collection that the CMIM paper's results resemble, whose convolutions have biases.
    """

    name: Literal["shufflenet_v2"] = "shufflenet_v2"
    paper = "Ma et al., ECCV, 2018"
    label = "ShuffleNetV2"
    min_size = 8
    factory = "shufflenet_v2_x1_0"

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """A 3x3 convolution of stride 1, and no pool."""
        return {"conv1.0": conv3x3(channels, 24), "maxpool": nn.Identity()}
