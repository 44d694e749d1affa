"""MobileNet V2."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec
from distillab.models.blocks import conv_like


class MobileNetV2(TorchvisionSpec):
    """MobileNet V2: 2 369 380 parameters at a hundred classes, last map 5x5 at 32x32.

    With the CIFAR stem it is the one of the collection that the CMIM paper's results resemble: a 1x1 stem with padding,
    strides 2, 2, 2, 1, 1, convolutions with biases, and an expansion in the first block too, by a factor of one.
    """

    name: Literal["mobilenet_v2"] = "mobilenet_v2"
    paper = "Sandler et al., CVPR, 2018"
    label = "MobileNetV2"
    min_size = 8
    factory = "mobilenet_v2"

    def replaced(self, found: dict[str, nn.Conv2d]) -> dict[str, nn.Module]:
        """All convolutions, with biases; the last strided one without its stride."""
        last = "features.14.conv.1.0"
        return {path: conv_like(layer, stride=1 if path == last else None, bias=True) for path, layer in found.items()}

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """A 1x1 convolution with a padding of one, and the first block's expansion before its depthwise convolution."""
        first = nn.Sequential(
            nn.Conv2d(32, 32, 1), nn.BatchNorm2d(32), nn.ReLU6(),
            nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.BatchNorm2d(32), nn.ReLU6(),
        )  # fmt: skip
        return {"features.0.0": nn.Conv2d(channels, 32, 1, padding=1), "features.1.conv.0": first}
