"""MobileNet V2."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec
from distillab.models.blocks import conv3x3


class MobileNetV2(TorchvisionSpec):
    """MobileNet V2 with two strides fewer: 2 351 972 parameters at a hundred classes, last map 4x4 at 32x32.

    The collection that the CMIM paper's results resemble has 2 369 380, a 1x1 stem with padding, and a 5x5 map.
    """

    name: Literal["mobilenet_v2"] = "mobilenet_v2"
    paper = "Sandler et al., CVPR, 2018"
    label = "MobileNetV2"
    min_size = 8
    factory = "mobilenet_v2"

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """Stride 1 in the stem and in the first strided depthwise convolution."""
        return {
            "features.0.0": conv3x3(channels, 32),
            "features.2.conv.1.0": nn.Conv2d(96, 96, 3, padding=1, groups=96, bias=False),
        }
