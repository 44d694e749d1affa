"""SqueezeNet for 32x32 images, with batch normalization and bypass."""

from typing import Literal

import torch
from torch import Tensor, nn

from distillab.models.blocks import Residual
from distillab.specs.model import ImageShape, ModelSpec


class SqueezeNet(ModelSpec):
    """Eight Fire modules with simple bypass: 781 156 parameters at a hundred classes.

    Torchvision's network has no batch normalization and trains poorly at the learning rate of its neighbors here.
    """

    name: Literal["squeezenet"] = "squeezenet"
    paper = "Iandola et al., arXiv, 2016"
    label = "SqueezeNet"
    min_size = 8

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with PyTorch's default initialization; the class maps' means are the logits."""
        return nn.Sequential(
            *_conv_norm_relu(shape[0], 96, 3),
            nn.MaxPool2d(2),
            *_fire_pair(96, 128, squeeze=16),
            Fire(128, 256, squeeze=32),
            nn.MaxPool2d(2),
            Residual(Fire(256, 256, squeeze=32)),
            *_fire_pair(256, 384, squeeze=48),
            Fire(384, 512, squeeze=64),
            nn.MaxPool2d(2),
            Residual(Fire(512, 512, squeeze=64)),
            nn.Conv2d(512, classes, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )


class Fire(nn.Module):
    """A 1x1 convolution down to ``squeeze`` channels, then 1x1 and 3x3 convolutions side by side.

    Reference: Iandola et al. 2016, section 3.2, with batch normalization after every convolution.
    """

    def __init__(self, c_in: int, c_out: int, *, squeeze: int) -> None:
        super().__init__()
        self.squeeze = nn.Sequential(*_conv_norm_relu(c_in, squeeze, 1))
        self.pixel = nn.Sequential(*_conv_norm_relu(squeeze, c_out // 2, 1))
        self.window = nn.Sequential(*_conv_norm_relu(squeeze, c_out // 2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Maps (n, c_out, h, w)."""
        squeezed = self.squeeze(x)
        return torch.cat([self.pixel(squeezed), self.window(squeezed)], dim=1)


def _fire_pair(c_in: int, c_out: int, *, squeeze: int) -> tuple[nn.Module, nn.Module]:
    """A Fire module that changes the width, and one with bypass that keeps it."""
    return Fire(c_in, c_out, squeeze=squeeze), Residual(Fire(c_out, c_out, squeeze=squeeze))


def _conv_norm_relu(c_in: int, c_out: int, kernel: int) -> tuple[nn.Module, ...]:
    """The biases have no effect before batch normalization, but are part of the published count."""
    return nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2), nn.BatchNorm2d(c_out), nn.ReLU()
