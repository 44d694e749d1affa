"""ShuffleNet V2."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec
from distillab.models.blocks import conv_like


class ShuffleNetV2(TorchvisionSpec):
    """ShuffleNet V2 x1.0: 1 360 896 parameters at a hundred classes.

    With the CIFAR stem it is the one of the collection that the CMIM paper's results resemble: its convolutions have
    biases, the stem no activation, and the first unit is as wide as the stem up to its last convolution.
    """

    name: Literal["shufflenet_v2"] = "shufflenet_v2"
    paper = "Ma et al., ECCV, 2018"
    label = "ShuffleNetV2"
    min_size = 8
    factory = "shufflenet_v2_x1_0"

    def replaced(self, found: dict[str, nn.Conv2d]) -> dict[str, nn.Module]:
        """All convolutions, with biases."""
        return {path: conv_like(layer, bias=True) for path, layer in found.items()}

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """A 3x3 convolution of stride 1, no activation, no pool; and the first unit's longer branch."""
        stem, out = 24, 58
        branch = nn.Sequential(
            nn.Conv2d(stem, stem, 1), nn.BatchNorm2d(stem), nn.ReLU(),
            nn.Conv2d(stem, stem, 3, stride=2, padding=1, groups=stem), nn.BatchNorm2d(stem),
            nn.Conv2d(stem, out, 1), nn.BatchNorm2d(out), nn.ReLU(),
        )  # fmt: skip
        return {
            "conv1.0": nn.Conv2d(channels, stem, 3, padding=1),
            "conv1.2": nn.Identity(),
            "maxpool": nn.Identity(),
            "stage2.0.branch2": branch,
        }
