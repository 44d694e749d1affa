"""The plain student of Nasty Teacher."""

from typing import Literal

from torch import nn

from distillab.specs.model import ImageShape, ModelSpec


class PlainCNN(ModelSpec):
    """Three 3x3 convolutions of 32, 64 and 128 channels and two dense layers: 357 514 parameters on CIFAR-10."""

    name: Literal["plain_cnn"] = "plain_cnn"
    paper = "Ma et al., ICLR, 2021"
    label = "CNN"
    min_size = 8

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with PyTorch's default initialization; its dropout rate is 0 and therefore left out."""
        return nn.Sequential(
            *_convolution(shape[0], 32),
            *_convolution(32, 64),
            *_convolution(64, 128),
            nn.Flatten(),
            nn.Linear(128 * (shape[1] // 8) * (shape[2] // 8), 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Linear(128, classes),
        )


def _convolution(c_in: int, c_out: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(c_in, c_out, 3, padding=1), nn.BatchNorm2d(c_out), nn.MaxPool2d(2), nn.ReLU()
