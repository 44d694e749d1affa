"""PyTorch's affine layers as the affine maps of a graph."""

from dataclasses import replace
from functools import singledispatch

import torch
from torch import Tensor, nn

from distillab.certify.ops import Affine, Conv, Linear, Reshape, Scale, Size2d
from distillab.models.normalize import Normalize

Shape = tuple[int, ...]
BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d


@singledispatch
def affine(layer: nn.Module, value: Tensor) -> Affine | None:  # noqa: ARG001 - the signature of all
    """The affine map of a layer on values like one example (1, *shape); None where the layer is none that we know."""
    return None


def folded(op: object, layer: BatchNorm) -> Affine | None:
    """``op`` and the batch normalization after it as one map; None where they do not fold."""
    if not isinstance(op, Conv | Linear):
        return None
    factor, shift = _statistics(layer)
    weight = op.weight * factor.view(-1, *(1,) * (op.weight.dim() - 1))
    return replace(op, weight=weight, bias=op.bias * factor + shift)


def flattening(shape: Shape) -> Reshape:
    """From values of ``shape`` to vectors."""
    return Reshape(shape, (int(torch.Size(shape).numel()),))


def scaling(factor: float) -> Scale:
    """Every value times one number."""
    return Scale(torch.tensor(factor, dtype=torch.float64), torch.zeros((), dtype=torch.float64))


def pair(value: int | tuple[int | None, ...] | None) -> Size2d:
    """One number a side; an absent size is 0."""
    height, width = value if isinstance(value, tuple) else (value, value)
    return height or 0, width or 0


@affine.register
def _linear(layer: nn.Linear, value: Tensor) -> Linear:  # noqa: ARG001
    return Linear(layer.weight, _bias(layer))


@affine.register
def _convolution(layer: nn.Conv2d, value: Tensor) -> Conv | None:
    """None for other than zero padding."""
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        return None
    pairs = (pair(layer.stride), pair(layer.padding), pair(layer.dilation))
    return Conv(layer.weight, _bias(layer), tuple(value.shape[1:]), *pairs, layer.groups)


@affine.register
def _flatten(layer: nn.Flatten, value: Tensor) -> Reshape | None:
    return flattening(tuple(value.shape[1:])) if (layer.start_dim, layer.end_dim) == (1, -1) else None


@affine.register
def _normalize(layer: Normalize, value: Tensor) -> Scale:  # noqa: ARG001
    return Scale((1 / layer.std)[0], (-layer.mean / layer.std)[0])


@affine.register(nn.BatchNorm1d)
@affine.register(nn.BatchNorm2d)
def _batch_normalization(layer: BatchNorm, value: Tensor) -> Scale:
    column = (-1, *(1,) * (value.dim() - 2))
    factor, shift = _statistics(layer)
    return Scale(factor.view(column), shift.view(column))


@affine.register
def _average_pool(layer: nn.AvgPool2d, value: Tensor) -> Conv | None:
    if pair(layer.padding) != (0, 0) or layer.ceil_mode or layer.divisor_override:
        return None
    return _mean(value, pair(layer.kernel_size), pair(layer.stride))


@affine.register
def _adaptive_average_pool(layer: nn.AdaptiveAvgPool2d, value: Tensor) -> Conv | None:
    """Windows of equal size, where the map divides into them."""
    height, width = (n or m for n, m in zip(pair(layer.output_size), value.shape[2:], strict=True))
    if value.shape[2] % height or value.shape[3] % width:
        return None
    kernel = value.shape[2] // height, value.shape[3] // width
    return _mean(value, kernel, kernel)


def _mean(value: Tensor, kernel: Size2d, stride: Size2d) -> Conv:
    """An average pool as a convolution of each channel with itself."""
    shape = tuple(value.shape[1:])
    weight = value.new_full((shape[0], 1, *kernel), 1 / (kernel[0] * kernel[1]))
    return Conv(weight, value.new_zeros(shape[0]), shape, stride, groups=shape[0])


def _statistics(layer: BatchNorm) -> tuple[Tensor, Tensor]:
    """Factor and shift per channel of a batch normalization in evaluation mode."""
    mean, variance = layer.running_mean, layer.running_var
    if mean is None or variance is None:
        raise TypeError
    factor = (variance + layer.eps).rsqrt()
    if layer.affine:
        factor = factor * layer.weight
        return factor, layer.bias - mean * factor
    return factor, -mean * factor


def _bias(layer: nn.Linear | nn.Conv2d) -> Tensor:
    return layer.bias if layer.bias is not None else layer.weight.new_zeros(layer.weight.shape[0])
