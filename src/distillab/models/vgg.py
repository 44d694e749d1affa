"""VGG with batch normalization."""

from typing import Literal

from torch import nn

from distillab.models.adapted import TorchvisionSpec


class VGGSpec(TorchvisionSpec):
    """A VGG whose classifier sees the mean of the last map: a single pixel for 32x32 images.

    Its classifier is twice 4096 wide with dropout 0.5; at learning rate 0.1 it needs an epoch of warm-up.
    """

    paper = "Simonyan & Zisserman, ICLR, 2015"
    min_size = 32

    def cifar_layers(self, channels: int) -> dict[str, nn.Module]:
        """Mean over the map, and a first dense layer of 512 inputs; the convolutions keep their geometry."""
        return {
            "features.0": nn.Conv2d(channels, 64, 3, padding=1),
            "avgpool": nn.AdaptiveAvgPool2d(1),
            "classifier.0": nn.Linear(512, 4096),
        }


class VGG11(VGGSpec):
    """28 518 244 parameters at a hundred classes."""

    name: Literal["vgg11_bn"] = "vgg11_bn"
    label = "VGG11"
    factory = "vgg11_bn"


class VGG16(VGGSpec):
    """34 015 396 parameters at a hundred classes."""

    name: Literal["vgg16_bn"] = "vgg16_bn"
    label = "VGG16"
    factory = "vgg16_bn"
