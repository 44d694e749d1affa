"""Residual networks and the ResNeXt of the same skeleton."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec
from distillab.models.blocks import conv3x3, conv_like


class ResNetSpec(TorchvisionSpec):
    """A ResNet whose CIFAR stem is one 3x3 convolution, without max-pool."""

    paper = "He et al., CVPR, 2016"
    min_size = 8

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """A 3x3 convolution of stride 1, and no pool."""
        return {"conv1": conv3x3(channels, 64), "maxpool": nn.Identity()}


class ResNet18(ResNetSpec):
    """11 220 132 parameters at a hundred classes."""

    name: Literal["resnet18"] = "resnet18"
    label = "ResNet-18"
    factory = "resnet18"


class ResNet34(ResNetSpec):
    """21 328 292 parameters at a hundred classes."""

    name: Literal["resnet34"] = "resnet34"
    label = "ResNet-34"
    factory = "resnet34"


class ResNet50(ResNetSpec):
    """23 705 252 parameters at a hundred classes."""

    name: Literal["resnet50"] = "resnet50"
    label = "ResNet-50"
    factory = "resnet50"


class ResNet101(ResNetSpec):
    """42 697 380 parameters at a hundred classes."""

    name: Literal["resnet101"] = "resnet101"
    label = "ResNet-101"
    factory = "resnet101"


class ResNet152(ResNetSpec):
    """58 341 028 parameters at a hundred classes."""

    name: Literal["resnet152"] = "resnet152"
    label = "ResNet-152"
    factory = "resnet152"


class ResNeXt50(ResNetSpec):
    """The 32x4d variant: 14 788 772 parameters at a hundred classes.

    With the CIFAR stem the first 1x1 convolution of a bottleneck is grouped too, as in the collection that the CMIM
    paper's results resemble; the ResNeXt paper and the ImageNet stem do not group it.
    """

    name: Literal["resnext50"] = "resnext50"
    paper = "Xie et al., CVPR, 2017"
    label = "ResNeXt-50"
    factory = "resnext50_32x4d"

    def replaced(self, found: dict[str, nn.Conv2d]) -> dict[str, nn.Module]:
        """The first convolution of each bottleneck, in 32 groups."""
        return {path: conv_like(layer, groups=32) for path, layer in found.items() if path.endswith(".conv1")}
