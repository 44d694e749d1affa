"""VGG-8: the small surrogate of the MAD defense."""

from typing import Literal

from pydantic import Field
from torch import nn

from distillab.core.bounds import Units
from distillab.models.blocks import conv3x3, norm_relu
from distillab.models.inits import he_fan_out_
from distillab.specs.model import ImageShape, ModelSpec

STAGES = (1, 2, 4, 8, 8)
"""Channels of the five convolutions, in units of the first one's."""


class VGG8(ModelSpec):
    """Five convolutions, each with batch normalization and a max-pool, and three dense layers as in larger VGGs.

    The papers that name it do not define it. Poolings that would leave no pixel are left out, so that it takes images
    of any size; at 32x32 all five remain.
    """

    name: Literal["vgg8"] = "vgg8"
    paper = "Simonyan & Zisserman, ICLR, 2015, one convolution a stage"
    grade = "R"
    label = "VGG8"

    width: Units = Field(
        default=64, ge=1, description="Channels of the first convolution; dense layers have 64 times it"
    )

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with He's initialization of its convolutions and PyTorch's of its dense layers."""
        layers: list[nn.Module] = []
        channels, side = shape[0], min(shape[1:])
        for ratio in STAGES:
            layers += [conv3x3(channels, ratio * self.width), *norm_relu(ratio * self.width)]
            channels = ratio * self.width
            if side > 1:
                layers.append(nn.MaxPool2d(2))
                side //= 2
        hidden = 64 * self.width
        network = nn.Sequential(
            *layers,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            *_dense(channels, hidden),
            *_dense(hidden, hidden),
            nn.Linear(hidden, classes),
        )
        he_fan_out_(network)
        return network


def _dense(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(0.5)
