"""Building blocks that several architectures share.

A network made of them is an ``nn.Sequential`` of PyTorch's layers and ``Residual``, every activation a module
that is used once: certifiers walk it, and need to know no architecture.
"""

from collections.abc import Callable

from torch import Tensor, nn


class Residual(nn.Module):
    """The sum ``main(x) + skip(x)``."""

    def __init__(self, main: nn.Module, skip: nn.Module | None = None) -> None:
        super().__init__()
        self.main = main
        self.skip = skip if skip is not None else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Both branches' sum; they must agree in shape."""
        total: Tensor = self.main(x) + self.skip(x)
        return total


def conv3x3(c_in: int, c_out: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution that keeps the size up to its stride, without bias: batch normalization follows."""
    return nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False)


def conv_like(
    layer: nn.Conv2d, *, stride: int | None = None, groups: int | None = None, bias: bool = False
) -> nn.Conv2d:
    """A new square convolution in place of one that keeps the size up to its stride; with what is given, else alike."""
    size, strides = layer.kernel_size[0], stride or layer.stride[0]
    groups = groups or layer.groups
    return nn.Conv2d(layer.in_channels, layer.out_channels, size, strides, size // 2, groups=groups, bias=bias)


def norm_relu(channels: int) -> tuple[nn.Module, ...]:
    """Batch normalization, then ReLU."""
    return nn.BatchNorm2d(channels), nn.ReLU()


def global_pool(channels: int, classes: int) -> tuple[nn.Module, ...]:
    """The usual head: mean over the map, then one dense layer to the logits."""
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)


def pre_activation(
    c_in: int,
    c_out: int,
    *,
    stride: int = 1,
    skip: nn.Module | None = None,
    share: bool = False,
    norm: Callable[[int], tuple[nn.Module, ...]] = norm_relu,
) -> nn.Module:
    """A residual unit of two 3x3 convolutions, each behind its normalization and activation.

    Args:
        c_in: channels in.
        c_out: channels out.
        stride: of the first convolution.
        skip: the shortcut; the identity by default.
        share: whether the shortcut starts after the first activation, which both branches then share.
        norm: normalization and activation for a number of channels.

    Reference: He et al. 2016 (identity mappings), figure 4e.
    """
    convolutions = (conv3x3(c_in, c_out, stride), *norm(c_out), conv3x3(c_out, c_out))
    if share:
        return nn.Sequential(*norm(c_in), Residual(nn.Sequential(*convolutions), skip))
    return Residual(nn.Sequential(*norm(c_in), *convolutions), skip)
