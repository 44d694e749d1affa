"""ResNeXt-29, 8x64d: the CIFAR network of aggregated residual transformations."""

from typing import Literal

from torch import nn

from distillab.models.blocks import Residual, conv3x3, global_pool, norm_relu
from distillab.models.inits import he_fan_out_
from distillab.specs.model import ImageShape, ModelSpec

CARDINALITY = 8


class ResNeXt29(ModelSpec):
    """Three stages of three bottlenecks with eight groups: 34 426 698 parameters at ten classes."""

    name: Literal["resnext29"] = "resnext29"
    paper = "Xie et al., CVPR, 2017; Ma et al., ICLR, 2021"
    label = "ResNeXt-29"
    min_size = 4

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with He normal (fan-out) convolutions."""
        network = nn.Sequential(
            conv3x3(shape[0], 64),
            *norm_relu(64),
            *_stage(64, 256, stride=1),
            *_stage(256, 512, stride=2),
            *_stage(512, 1024, stride=2),
            *global_pool(1024, classes),
        )
        he_fan_out_(network)
        return network


def _stage(c_in: int, c_out: int, *, stride: int) -> list[nn.Module]:
    return [*_bottleneck(c_in, c_out, stride), *_bottleneck(c_out, c_out, 1), *_bottleneck(c_out, c_out, 1)]


def _bottleneck(c_in: int, c_out: int, stride: int) -> tuple[nn.Module, nn.Module]:
    """A grouped bottleneck, twice as wide inside as outside (64 channels a group in the first stage), and its ReLU."""
    inner = 2 * c_out
    main = nn.Sequential(
        nn.Conv2d(c_in, inner, 1, bias=False),
        *norm_relu(inner),
        nn.Conv2d(inner, inner, 3, stride=stride, padding=1, groups=CARDINALITY, bias=False),
        *norm_relu(inner),
        nn.Conv2d(inner, c_out, 1, bias=False),
        nn.BatchNorm2d(c_out),
    )
    if c_in == c_out:
        return Residual(main), nn.ReLU()
    skip = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride=stride, bias=False), nn.BatchNorm2d(c_out))
    return Residual(main, skip), nn.ReLU()
