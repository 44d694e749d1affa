"""The wide residual network of TRADES."""

from typing import Literal

from torch import nn

from distillab.models.blocks import conv3x3, norm_relu, pre_activation
from distillab.models.inits import he_fan_out_
from distillab.models.normalize import FixedInputSpec
from distillab.specs.model import ImageShape


class WRN3410(FixedInputSpec):
    """Depth 34, ten times as wide, on raw pixels: 46 160 474 parameters at ten classes.

    The release also registers a second first stage that its forward pass never uses (2 102 112 parameters
    more at rest, which weight decay shrinks); it is not built here.
    """

    name: Literal["wrn_34_10"] = "wrn_34_10"
    paper = "Zhang et al., ICML, 2019; Zagoruyko & Komodakis, BMVC, 2016"
    label = "WRN-34-10"
    min_size = 4

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with He normal (fan-out) convolutions and a zero bias in the dense layer."""
        dense = nn.Linear(640, classes)
        network = nn.Sequential(
            conv3x3(shape[0], 16),
            *_stage(16, 160, stride=1),
            *_stage(160, 320, stride=2),
            *_stage(320, 640, stride=2),
            *norm_relu(640),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            dense,
        )
        he_fan_out_(network)
        nn.init.zeros_(dense.bias)
        return network


def _stage(c_in: int, c_out: int, *, stride: int) -> list[nn.Module]:
    """Five units; the first one's shortcut is a 1x1 convolution of its pre-activated input."""
    skip = nn.Conv2d(c_in, c_out, 1, stride=stride, bias=False)
    first = pre_activation(c_in, c_out, stride=stride, skip=skip, share=True)
    return [first, *(pre_activation(c_out, c_out) for _ in range(4))]
