"""The nine-layer networks of defensive distillation, and the one of TRADES with the same layers."""

from typing import ClassVar, Literal

from torch import nn

from distillab.models.inits import glorot_
from distillab.models.normalize import FixedInputSpec
from distillab.specs.model import ImageShape


class PapernotSpec(FixedInputSpec):
    """Four 3x3 convolutions, two max-pools, three dense layers; pixels are centered to [-0.5, 0.5]."""

    pixel_mean = 0.5

    widths: ClassVar[tuple[int, int]]
    """Channels of the two convolutions before each pool."""
    dense: ClassVar[int]
    """Units of both hidden dense layers."""
    padding: ClassVar[int] = 0

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with Keras' initialization: Glorot uniform, zero biases."""
        network = nine_layers(shape, classes, widths=self.widths, dense=self.dense, padding=self.padding)
        glorot_(network)
        return network


class PapernotMNIST(PapernotSpec):
    """Nine layers for MNIST: 312 202 parameters at ten classes."""

    name: Literal["papernot_mnist"] = "papernot_mnist"
    paper = "Papernot et al., S&P, 2016"
    label = "Papernot CNN (MNIST)"
    shapes = ((1, 28, 28),)
    widths = (32, 64)
    dense = 200


class PapernotCIFAR(PapernotSpec):
    """Nine layers for CIFAR: 1 147 978 parameters at ten classes."""

    name: Literal["papernot_cifar"] = "papernot_cifar"
    paper = "Papernot et al., S&P, 2016"
    label = "Papernot CNN (CIFAR)"
    shapes = ((3, 32, 32),)
    widths = (64, 128)
    dense = 256


class PapernotDigits(PapernotSpec):
    """This project's analogue for 8x8 digits: padded convolutions, so that two pools still fit."""

    name: Literal["papernot_digits"] = "papernot_digits"
    paper = "after Papernot et al., S&P, 2016"
    grade = "R"
    label = "Papernot CNN (digits)"
    shapes = ((1, 8, 8),)
    widths = (16, 32)
    dense = 64
    padding = 1


class SmallCNN(FixedInputSpec):
    """TRADES' MNIST network: the layers of ``papernot_mnist`` on raw pixels, with another initialization."""

    name: Literal["small_cnn"] = "small_cnn"
    paper = "Zhang et al., ICML, 2019"
    label = "SmallCNN"
    shapes = ((1, 28, 28),)

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with He normal (fan-in) convolutions and an all-zero last layer: it starts at equal logits."""
        network = nine_layers(shape, classes, widths=(32, 64), dense=200)
        for layer in network:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
        for parameter in network[-1].parameters():
            nn.init.zeros_(parameter)
        return network


def nine_layers(
    shape: ImageShape, classes: int, *, widths: tuple[int, int], dense: int, padding: int = 0
) -> nn.Sequential:
    """Four convolutions, two pools and three dense layers, with default weights; dropout 0.5 after the first dense one.

    Reference: Papernot et al. 2016, tables I and II. Their ninth layer is the softmax with the logits.
    """
    channels, height, width = shape
    narrow, wide = widths
    features = wide * _after_two_pools(height, padding) * _after_two_pools(width, padding)
    return nn.Sequential(
        *_convolutions_and_pool(channels, narrow, padding),
        *_convolutions_and_pool(narrow, wide, padding),
        nn.Flatten(),
        nn.Linear(features, dense),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(dense, dense),
        nn.ReLU(),
        nn.Linear(dense, classes),
    )


def _convolutions_and_pool(c_in: int, c_out: int, padding: int) -> tuple[nn.Module, ...]:
    """The second ReLU comes after the pool: the same function and gradient, on a quarter of the values."""
    return (
        nn.Conv2d(c_in, c_out, 3, padding=padding),
        nn.ReLU(inplace=True),
        nn.Conv2d(c_out, c_out, 3, padding=padding),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
    )


def _after_two_pools(size: int, padding: int) -> int:
    for _ in range(2):
        size = (size - 4 * (1 - padding)) // 2
    return size
