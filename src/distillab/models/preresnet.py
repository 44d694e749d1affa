"""The small pre-activation ResNets of Nasty Teacher (ResNet-20 and -32, or ResNetC-20 and -32), and a deeper one."""

from typing import ClassVar, Literal

from torch import nn

from distillab.models.blocks import conv3x3, global_pool, norm_relu, pre_activation
from distillab.models.inits import he_fan_out_
from distillab.specs.model import ImageShape, ModelSpec


class PreResNetSpec(ModelSpec):
    """Three stages of 16, 32 and 64 channels with ``units`` pre-activation units each."""

    paper = "He et al., ECCV, 2016; Ma et al., ICLR, 2021"
    min_size = 4
    units: ClassVar[int]

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with He normal (fan-out) convolutions."""
        network = nn.Sequential(
            conv3x3(shape[0], 16),
            *(pre_activation(16, 16) for _ in range(self.units)),
            *self._halving_stage(16, 32),
            *self._halving_stage(32, 64),
            *norm_relu(64),
            *global_pool(64, classes),
        )
        he_fan_out_(network)
        return network

    def _halving_stage(self, c_in: int, c_out: int) -> list[nn.Module]:
        """Units of a stage; the first one's shortcut is a 1x1 convolution of the raw input, not normalized."""
        skip = nn.Conv2d(c_in, c_out, 1, stride=2, bias=False)
        first = pre_activation(c_in, c_out, stride=2, skip=skip)
        return [first, *(pre_activation(c_out, c_out) for _ in range(self.units - 1))]


class ResNet20(PreResNetSpec):
    """272 282 parameters at ten classes."""

    name: Literal["resnet20"] = "resnet20"
    label = "ResNet-20"
    units = 3


class ResNet32(PreResNetSpec):
    """466 714 parameters at ten classes."""

    name: Literal["resnet32"] = "resnet32"
    label = "ResNet-32"
    units = 5


class ResNet56(PreResNetSpec):
    """855 578 parameters at ten classes; a teacher of ResNet-20 in the literature on distillation."""

    name: Literal["resnet56"] = "resnet56"
    label = "ResNet-56"
    units = 9
