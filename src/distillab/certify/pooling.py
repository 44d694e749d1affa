"""Max pools in the operations that certifiers bound: the larger of a and b is relu(a - b) + b."""

from dataclasses import dataclass, replace
from typing import Protocol

from torch import Tensor, nn

from distillab.certify.activations import Activation, ReLU
from distillab.certify.functionals import Functionals, Windows
from distillab.certify.layers import Shape, pair, scaling
from distillab.certify.ops import Add, Affine, Larger, Rearrangement, Size2d


@dataclass(frozen=True)
class Slice(Rearrangement):
    """Every ``stride``-th row (axis 1) or column (axis 2) of a map, ``count`` of them from ``start`` on."""

    in_shape: Shape
    axis: int
    start: int
    stride: int
    count: int

    def linear(self, z: Tensor) -> Tensor:
        """The chosen lines."""
        lines = slice(self.start, self.start + self._span(self.count), self.stride)
        return z[..., lines] if self.axis == 2 else z[..., lines, :]

    def pull(self, rows: Functionals) -> Functionals:
        """Coefficients with zeros between them, and around them where they cover whole maps."""
        rows = rows.clipped()
        coef, at, dim = rows.coef, rows.windows, self.axis + 1
        span, size = self._span(coef.shape[dim]), list(coef.shape)
        size[dim], start = (self.in_shape[self.axis], self.start) if at is None else (span, 0)
        coef = coef.new_zeros(size).slice_scatter(coef, dim, start, start + span, self.stride)
        windows = at and self._windows(at)
        return replace(rows, coef=coef, shape=self.in_shape, windows=windows).trimmed()

    def reach(self, window: Size2d) -> Size2d:
        """A window with gaps, which begins at line 0, so that it holds those of the slices before it too."""
        height, width = window
        return (self._end(height), width) if self.axis == 1 else (height, self._end(width))

    def _windows(self, at: Windows) -> Windows:
        stride, offset, i = list(at.stride), list(at.offset), self.axis - 1
        stride[i], offset[i] = stride[i] * self.stride, offset[i] * self.stride + self.start
        return replace(at, stride=tuple(stride), offset=tuple(offset))

    def _span(self, count: int) -> int:
        return (count - 1) * self.stride + 1

    def _end(self, count: int) -> int:
        return self.start + self._span(count)


class Append(Protocol):
    """Adds a node to a graph under construction, and returns its position."""

    def __call__(self, op: Affine | Activation | Add, *parents: int) -> int:
        """The position of the new node."""


def max_pool(layer: nn.MaxPool2d, append: Append, node: int, shape: Shape) -> int | None:
    """The position of the pool of ``node``, a map of ``shape``; None where the pool has padding.

    Maxima go along the width first and then along the height, pair by pair. Windows may overlap or leave gaps.
    """
    if pair(layer.padding) != (0, 0) or layer.ceil_mode or layer.return_indices:
        return None
    for axis in (2, 1):
        kernel, stride, dilation = (pair(size)[axis - 1] for size in (layer.kernel_size, layer.stride, layer.dilation))
        count = (shape[axis] - dilation * (kernel - 1) - 1) // stride + 1
        node = _largest(append, [append(Slice(shape, axis, i * dilation, stride, count), node) for i in range(kernel)])
        shape = (*shape[:axis], count, *shape[axis + 1 :])
    return node


def _largest(append: Append, members: list[int]) -> int:
    """Pairs of members compete until one is left."""
    while len(members) > 1:
        pairs = zip(members[::2], members[1::2], strict=False)
        members = [_larger(append, a, b) for a, b in pairs] + members[len(members) // 2 * 2 :]
    return members[0]


def _larger(append: Append, a: int, b: int) -> int:
    difference = append(Add(), a, append(scaling(-1), b))
    return append(Larger(), append(ReLU(), difference), b)
