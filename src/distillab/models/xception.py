"""Xception for 32x32 images."""

from typing import Literal

from torch import nn

from distillab.models.blocks import Residual, conv3x3, global_pool, norm_relu
from distillab.specs.model import ImageShape, ModelSpec


class Xception(ModelSpec):
    """Two 3x3 convolutions of stride 1 and twelve separable blocks: 21 013 988 parameters at a hundred classes.

    The entry flow strides 2, 2, 1 where the publication strides 2, 2, 2.
    """

    name: Literal["xception"] = "xception"
    paper = "Chollet, CVPR, 2017"
    label = "Xception"
    min_size = 8

    def build(self, shape: ImageShape, classes: int) -> nn.Sequential:
        """The network with PyTorch's default initialization."""
        return nn.Sequential(
            conv3x3(shape[0], 32),
            *norm_relu(32),
            conv3x3(32, 64),
            *norm_relu(64),
            _block(64, 128, 128, stride=2, lead=False),
            _block(128, 256, 256, stride=2),
            _block(256, 728, 728, stride=1),
            *(_middle_block() for _ in range(8)),
            _block(728, 728, 1024, stride=2),
            *_separable(1024, 1536),
            nn.ReLU(),
            *_separable(1536, 2048),
            nn.ReLU(),
            *global_pool(2048, classes),
        )


def _block(c_in: int, c_mid: int, c_out: int, *, stride: int, lead: bool = True) -> Residual:
    """Two separable convolutions and a max-pool beside a strided 1x1 convolution.

    Args:
        c_in: channels in.
        c_mid: channels between the separable convolutions.
        c_out: channels out.
        stride: of the pool and of the shortcut.
        lead: whether a ReLU comes first; the first block follows one already.
    """
    main = nn.Sequential(
        *([nn.ReLU()] if lead else []),
        *_separable(c_in, c_mid),
        nn.ReLU(),
        *_separable(c_mid, c_out),
        nn.MaxPool2d(3, stride=stride, padding=1),
    )
    return Residual(main, nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride=stride), nn.BatchNorm2d(c_out)))


def _middle_block() -> Residual:
    return Residual(nn.Sequential(*(layer for _ in range(3) for layer in (nn.ReLU(), *_separable(728, 728)))))


def _separable(c_in: int, c_out: int) -> tuple[nn.Module, ...]:
    """Depthwise 3x3 and pointwise convolutions, with nothing between them, and batch normalization."""
    depthwise = nn.Conv2d(c_in, c_in, 3, padding=1, groups=c_in, bias=False)
    return depthwise, nn.Conv2d(c_in, c_out, 1, bias=False), nn.BatchNorm2d(c_out)
