"""ResNet-18 on small images with fewer channels: its shape at a cost that a processor bears."""

from typing import Literal

from pydantic import Field
from torch import nn

from distillab.core.bounds import Units
from distillab.models.blocks import Residual, conv3x3, global_pool, norm_relu
from distillab.models.inits import he_fan_out_
from distillab.specs.model import ImageShape, ModelSpec

UNITS = 2
"""Residual units of a stage."""

STAGES = (1, 2, 4, 8)
"""Channels of the four stages, in units of the first one's."""


class ResNet18Narrow(ModelSpec):
    """The CIFAR form of ResNet-18, the first stage with ``width`` channels, the others with 2, 4 and 8 times as many.

    176 402 parameters at ten classes; with ``width: 64`` it is ``resnet18``, 11 173 962. Convolutions and parameters
    shrink with the square of the width.
    """

    name: Literal["resnet18_narrow"] = "resnet18_narrow"
    paper = "He et al., CVPR, 2016, fewer channels"
    label = "ResNet-18, narrow"
    min_size = 8

    width: Units = Field(default=8, ge=1, description="Channels of the first stage; 64 in the paper")

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with He normal (fan-out) convolutions."""
        layers: list[nn.Module] = [conv3x3(shape[0], self.width), *norm_relu(self.width)]
        channels = self.width
        for stage, ratio in enumerate(STAGES):
            for unit in range(UNITS):
                stride = 2 if stage and not unit else 1
                layers += _unit(channels, ratio * self.width, stride)
                channels = ratio * self.width
        network = nn.Sequential(*layers, *global_pool(channels, classes))
        he_fan_out_(network)
        return network


def _unit(c_in: int, c_out: int, stride: int) -> tuple[nn.Module, ...]:
    """Two convolutions beside their input, or beside its normalized 1x1 convolution where the shape changes."""
    main = nn.Sequential(conv3x3(c_in, c_out, stride), *norm_relu(c_out), conv3x3(c_out, c_out), nn.BatchNorm2d(c_out))
    if c_in == c_out:
        return Residual(main), nn.ReLU()
    skip = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride=stride, bias=False), nn.BatchNorm2d(c_out))
    return Residual(main, skip), nn.ReLU()
