"""The networks of PGD adversarial training (the MNIST and CIFAR-10 challenges)."""

from typing import Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from distillab.core.shapes import Images
from distillab.models.blocks import conv3x3, pre_activation
from distillab.models.inits import he_fan_out_
from distillab.models.normalize import FixedInputSpec
from distillab.specs.model import ImageShape


class MadryMNIST(FixedInputSpec):
    """Two 5x5 convolutions with max-pools and two dense layers on raw pixels: 3 274 634 parameters."""

    name: Literal["madry_mnist"] = "madry_mnist"
    paper = "Madry et al., ICLR, 2018"
    label = "Madry CNN (MNIST)"
    shapes = ((1, 28, 28),)

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network; weights are normal with std 0.1, cut off at two std, and biases are 0.1."""
        network = nn.Sequential(
            nn.Conv2d(shape[0], 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * (shape[1] // 4) * (shape[2] // 4), 1024),
            nn.ReLU(),
            nn.Linear(1024, classes),
        )
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                nn.init.constant_(parameter, 0.1)
            else:
                nn.init.trunc_normal_(parameter, std=0.1, a=-0.2, b=0.2)
        return network


class MadryWRN(FixedInputSpec):
    """The wide ResNet w32-10 with per-image standardization inside, on raw pixels.

    That standardization is not affine in the image: certifiers refuse this network.
    """

    name: Literal["madry_wrn"] = "madry_wrn"
    paper = "Madry et al., ICLR, 2018"
    label = "Madry w32-10"
    min_size = 4
    widths: Literal["wide", "simple"] = Field(
        default="wide", description="Channels of the three stages: 160, 320, 640, or 16, 32, 64"
    )

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network: three stages of five pre-activation units, shortcuts without weights.

        Strided convolutions pad both sides, where the TensorFlow release pads only one.
        """
        first, middle, last = (160, 320, 640) if self.widths == "wide" else (16, 32, 64)
        dense = nn.Linear(last, classes)
        network = nn.Sequential(
            PerImageStandardize(),
            conv3x3(shape[0], 16),
            *_stage(16, first, stride=1, share=True),
            *_stage(first, middle, stride=2),
            *_stage(middle, last, stride=2),
            *_norm_leaky(last),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            dense,
        )
        he_fan_out_(network)
        bound = (3 / last) ** 0.5  # TensorFlow's uniform unit scaling
        nn.init.uniform_(dense.weight, -bound, bound)
        nn.init.zeros_(dense.bias)
        return network


class PerImageStandardize(nn.Module):
    """(x - m) / max(s, 1 / (255 sqrt(M))) with the mean m and population std s of each image's own M values.

    The floor is that of TensorFlow's operator, which the publication feeds with pixels in [0, 255].
    Gradients flow through both statistics, and are finite for a constant image.
    """

    def forward(self, x: Images) -> Images:
        """Images of zero mean and unit variance each."""
        centered = x - x.mean(dim=(1, 2, 3), keepdim=True)
        floor = 1 / (255**2 * x[0].numel())
        variance = centered.square().mean(dim=(1, 2, 3), keepdim=True)
        return centered * variance.clamp(min=floor).rsqrt()


class PoolAndPad(nn.Module):
    """A shortcut without weights: average-pool by the stride, then zero channels on both sides."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.padding = (c_out - c_in) // 2

    def forward(self, x: Tensor) -> Tensor:
        """Maps (n, c_out, h / stride, w / stride), rounded up as strided convolutions round."""
        pooled = F.avg_pool2d(x, self.stride, ceil_mode=True)
        return F.pad(pooled, (0, 0, 0, 0, self.padding, self.padding))


def _stage(c_in: int, c_out: int, *, stride: int, share: bool = False) -> list[nn.Module]:
    skip = PoolAndPad(c_in, c_out, stride)
    first = pre_activation(c_in, c_out, stride=stride, skip=skip, share=share, norm=_norm_leaky)
    return [first, *(pre_activation(c_out, c_out, norm=_norm_leaky) for _ in range(4))]


def _norm_leaky(channels: int) -> tuple[nn.Module, ...]:
    """Batch normalization with the eps of TensorFlow's layer, then leaky ReLU."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1), nn.LeakyReLU(0.1)
