"""A student for 8x8 digits, smaller than its ``papernot_digits`` teacher."""

from typing import Literal

from torch import nn

from distillab.models.inits import glorot_
from distillab.models.normalize import FixedInputSpec
from distillab.specs.model import ImageShape


class CNNDigits(FixedInputSpec):
    """Two padded 3x3 convolutions of 16 and 32 channels, each with a max-pool, and one dense layer."""

    name: Literal["cnn_digits"] = "cnn_digits"
    paper = "this project"
    grade = "R"
    label = "CNN (digits)"
    shapes = ((1, 8, 8),)
    pixel_mean = 0.5

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with the initialization of its teacher: Glorot uniform, zero biases."""
        channels, height, width = shape
        network = nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * (height // 4) * (width // 4), classes),
        )
        glorot_(network)
        return network
