"""MobileNet (the first version) for 32x32 images."""

from typing import Literal

from torch import nn

from distillab.models.blocks import conv3x3, global_pool, norm_relu
from distillab.specs.model import ImageShape, ModelSpec

_UNITS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Channels out and stride of the thirteen separable convolutions."""


class MobileNet(ModelSpec):
    """A 3x3 stem of stride 1 and thirteen separable convolutions: 3 315 428 parameters at a hundred classes."""

    name: Literal["mobilenet"] = "mobilenet"
    paper = "Howard et al., arXiv, 2017"
    label = "MobileNet"
    min_size = 16

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with PyTorch's default initialization."""
        layers: list[nn.Module] = [conv3x3(shape[0], 32), *norm_relu(32)]
        c_in = 32
        for c_out, stride in _UNITS:
            layers += _separable(c_in, c_out, stride)
            c_in = c_out
        return nn.Sequential(*layers, *global_pool(c_in, classes))


def _separable(c_in: int, c_out: int, stride: int) -> tuple[nn.Module, ...]:
    """Depthwise 3x3, then pointwise; the pointwise bias has no effect but is part of the published count."""
    return (
        nn.Conv2d(c_in, c_in, 3, stride=stride, padding=1, groups=c_in, bias=False),
        *norm_relu(c_in),
        nn.Conv2d(c_in, c_out, 1),
        *norm_relu(c_out),
    )
