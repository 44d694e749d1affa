"""The networks of provable defenses by convex relaxation: no pooling, no normalization."""

from typing import Literal

from pydantic import Field
from torch import nn

from distillab.core.bounds import Units
from distillab.models.blocks import Residual
from distillab.models.inits import he_fan_out_
from distillab.specs.model import ImageShape, ModelSpec


class WongHAR(ModelSpec):
    """One hidden layer of 500 units: 284 006 parameters on HAR."""

    name: Literal["wong_har"] = "wong_har"
    paper = "Wong & Kolter, ICML, 2018"
    label = "Wong HAR"

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with PyTorch's default initialization, as in the release."""
        inputs = shape[0] * shape[1] * shape[2]
        return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 500), nn.ReLU(), nn.Linear(500, classes))


class WongSmall(ModelSpec):
    """Two strided convolutions and two dense layers: 166 406 parameters on MNIST, 214 918 on CIFAR-10."""

    name: Literal["wong_small"] = "wong_small"
    paper = "Wong & Kolter, ICML, 2018"
    label = "Wong small"
    min_size = 4

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network; the release initializes its color variant with He normal (fan-out) convolutions."""
        network = _strided(shape, 16, 32, dense=100, classes=classes)
        if shape[0] == 3:
            he_fan_out_(network)
        return network


class WongWide(ModelSpec):
    """The layers of ``wong_small`` in any width: 816 954 parameters on MNIST with k = 4, 1 063 226 on CIFAR-10.

    k = 4 has the convolutions of ``wong_small``, which cost the time, and five times its dense layer.
    """

    name: Literal["wong_wide"] = "wong_wide"
    paper = "Wong et al., NeurIPS, 2018"
    label = "Wong wide"
    min_size = 4
    k: Units = Field(default=4, ge=1, description="4k and 8k channels, 128k dense units")

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with PyTorch's default initialization, as in the release."""
        return _strided(shape, 4 * self.k, 8 * self.k, dense=128 * self.k, classes=classes)


class WongLarge(ModelSpec):
    """Four convolutions and three dense layers: 1 974 762 parameters on MNIST, 2 466 858 on CIFAR-10."""

    name: Literal["wong_large"] = "wong_large"
    paper = "Wong et al., NeurIPS, 2018"
    label = "Wong large"
    min_size = 4

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with PyTorch's default initialization, as in the release."""
        return nn.Sequential(
            *_keep(shape[0], 32),
            *_halve(32, 32),
            *_keep(32, 64),
            *_halve(64, 64),
            nn.Flatten(),
            nn.Linear(64 * _quarters(shape), 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, classes),
        )


class WongResNet(ModelSpec):
    """One convolution, four residual blocks and two dense layers: 4 214 850 parameters on CIFAR-10."""

    name: Literal["wong_resnet"] = "wong_resnet"
    paper = "Wong et al., NeurIPS, 2018"
    label = "Wong ResNet"
    min_size = 4

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with He normal (fan-out) convolutions, zero biases, and default dense layers."""
        network = nn.Sequential(
            *_keep(shape[0], 16),
            *_block(16, 16),
            *_block(16, 16),
            *_block(16, 32, halve=True),
            *_block(32, 64, halve=True),
            nn.Flatten(),
            nn.Linear(64 * _quarters(shape), 1000),
            nn.ReLU(),
            nn.Linear(1000, classes),
        )
        he_fan_out_(network)
        return network


def _strided(shape: ImageShape, first: int, second: int, *, dense: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        *_halve(shape[0], first),
        *_halve(first, second),
        nn.Flatten(),
        nn.Linear(second * _quarters(shape), dense),
        nn.ReLU(),
        nn.Linear(dense, classes),
    )


def _block(c_in: int, c_out: int, *, halve: bool = False) -> tuple[nn.Module, nn.Module]:
    """A residual sum and its ReLU; the shortcut is a learned convolution even where the widths agree."""
    first = _halve(c_in, c_out) if halve else _keep(c_in, c_out)
    skip = nn.Conv2d(c_in, c_out, 2, stride=2) if halve else nn.Conv2d(c_in, c_out, 1)
    return Residual(nn.Sequential(*first, nn.Conv2d(c_out, c_out, 3, padding=1)), skip), nn.ReLU()


def _keep(c_in: int, c_out: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()


def _halve(c_in: int, c_out: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(c_in, c_out, 4, stride=2, padding=1), nn.ReLU()


def _quarters(shape: ImageShape) -> int:
    """Pixels that are left after both sides were halved twice."""
    return (shape[1] // 4) * (shape[2] // 4)
