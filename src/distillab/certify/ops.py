"""The operations of a network that certifiers understand: affine maps, monotone activations, sums."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from distillab.certify.functionals import Functionals, PerRow, Windows
from distillab.certify.transposed import transposed

Size2d = tuple[int, int]


class Affine(ABC):
    """z -> W z + b, with what bounds need of it: W z, |W| r, and rows pulled back to z."""

    diagonal: ClassVar[bool] = False
    """Whether each output depends on one input only."""

    def __call__(self, z: Tensor) -> Tensor:
        """W z + b for values (n, *in)."""
        return self.linear(z) + self.offset

    @property
    @abstractmethod
    def offset(self) -> Tensor:
        """b, in a shape that broadcasts against values (n, *out)."""

    @abstractmethod
    def linear(self, z: Tensor) -> Tensor:
        """W z."""

    @abstractmethod
    def absolute(self, r: Tensor) -> Tensor:
        """|W| r for radii r >= 0."""

    @abstractmethod
    def pull(self, rows: Functionals) -> Functionals:
        """The functionals of z that equal ``rows`` of W z."""

    def constant(self, rows: Functionals) -> PerRow:
        """What ``rows`` are worth at b alone."""
        return rows.pick((rows.coef * self.offset).flatten(1).sum(dim=1))

    def reach(self, window: Size2d) -> Size2d | None:  # noqa: ARG002 - most maps mix everything
        """Size of the window of z that a window of W z depends on; None for all of z."""
        return None


@dataclass(frozen=True, eq=False)
class Linear(Affine):
    """A dense layer."""

    weight: Float[Tensor, "o i"]
    bias: Float[Tensor, "o"]

    @property
    def offset(self) -> Tensor:
        """The bias."""
        return self.bias

    def linear(self, z: Tensor) -> Tensor:
        """Matrix product with the weight."""
        return z @ self.weight.T

    def absolute(self, r: Tensor) -> Tensor:
        """Matrix product with the absolute weight."""
        return r @ self.weight.abs().T

    def pull(self, rows: Functionals) -> Functionals:
        """Coefficients times the weight; of single units, the weight's own rows."""
        shape, one = (self.weight.shape[1],), rows.windows
        if one is None:
            return replace(rows, coef=rows.coef @ self.weight, shape=shape)
        if len(rows.coef) == 1:
            scaled = self.weight * rows.coef
            return Functionals(rows.image, scaled, shape, template=one.place, each=rows.each, ends=rows.ends)
        return Functionals(
            rows.image, rows.spread().coef * self.weight[one.place], shape, each=rows.each, ends=rows.ends
        )

    def constant(self, rows: Functionals) -> PerRow:
        """Coefficients times the bias."""
        one = rows.windows
        return rows.pick(rows.coef @ self.bias) if one is None else rows.spread().coef[:, 0] * self.bias[one.place]


@dataclass(frozen=True, eq=False)
class Conv(Affine):
    """A convolution with zero padding; average pools are depthwise ones."""

    weight: Float[Tensor, "o i kh kw"]
    bias: Float[Tensor, "o"]
    in_shape: tuple[int, ...]
    stride: Size2d = (1, 1)
    padding: Size2d = (0, 0)
    dilation: Size2d = (1, 1)
    groups: int = 1

    @property
    def offset(self) -> Tensor:
        """The bias, one number a channel."""
        return self.bias[:, None, None]

    def linear(self, z: Tensor) -> Tensor:
        """The convolution without its bias."""
        return self._convolve(z, self.weight)

    def absolute(self, r: Tensor) -> Tensor:
        """The convolution with the absolute kernel."""
        return self._convolve(r, self.weight.abs())

    def pull(self, rows: Functionals) -> Functionals:
        """The transposed convolution of whole maps, or of windows, which grow by the kernel."""
        rows = rows.clipped()
        full = self._transposed(rows.coef)
        at = rows.windows
        if at is None:
            return replace(rows, coef=self._without_padding(full), shape=self.in_shape)
        offset = tuple(o * s - p for o, s, p in zip(at.offset, self.stride, self.padding, strict=True))
        stride = tuple(a * s for a, s in zip(at.stride, self.stride, strict=True))
        windows = Windows(at.place, at.grid, stride, offset)
        inside = self.padding == (0, 0)
        return replace(rows, coef=full, shape=self.in_shape, windows=windows, inside=inside).trimmed()

    def constant(self, rows: Functionals) -> PerRow:
        """Each channel's coefficients times its bias."""
        return rows.pick(rows.coef.sum(dim=(2, 3)) @ self.bias)

    def reach(self, window: Size2d) -> Size2d:
        """A window that has grown by the kernel."""
        sizes = zip(window, self.stride, self.dilation, self.weight.shape[2:], strict=True)
        height, width = ((n - 1) * s + d * (k - 1) + 1 for n, s, d, k in sizes)
        return height, width

    def _convolve(self, z: Tensor, weight: Tensor) -> Tensor:
        return F.conv2d(z, weight, None, self.stride, self.padding, self.dilation, self.groups)

    def _transposed(self, coef: Tensor) -> Tensor:
        if self.groups == 1 and self.dilation == (1, 1):
            return transposed(coef, self.weight, self.stride)
        return F.conv_transpose2d(coef, self.weight, None, self.stride, 0, 0, self.groups, self.dilation)

    def _without_padding(self, full: Tensor) -> Tensor:
        """The real pixels; the last ones are missing where no kernel reached them."""
        (top, left), (height, width) = self.padding, self.in_shape[1:]
        return F.pad(full, (-left, width + left - full.shape[3], -top, height + top - full.shape[2]))


@dataclass(frozen=True, eq=False)
class Scale(Affine):
    """Each place, or each channel, times a factor and plus an offset."""

    factor: Tensor
    shift: Tensor
    diagonal = True

    @property
    def offset(self) -> Tensor:
        """The shift."""
        return self.shift

    def linear(self, z: Tensor) -> Tensor:
        """The scaled values."""
        return z * self.factor

    def absolute(self, r: Tensor) -> Tensor:
        """Radii have no sign."""
        return r * self.factor.abs()

    def pull(self, rows: Functionals) -> Functionals:
        """The scaled coefficients."""
        rows = _ready(rows)
        return replace(rows, coef=rows.coef * self.factor)

    def constant(self, rows: Functionals) -> PerRow:
        """Coefficients times the shift."""
        rows = _ready(rows)
        return rows.pick((rows.coef * self.shift).flatten(1).sum(dim=1))

    def reach(self, window: Size2d) -> Size2d:
        """The same window."""
        return window


class Rearrangement(Affine):
    """The same numbers in other places, or some of them: no factors, no offset."""

    diagonal = True

    def __call__(self, z: Tensor) -> Tensor:
        """The numbers in their places."""
        return self.linear(z)

    @property
    def offset(self) -> Tensor:
        """Nothing is added."""
        return torch.zeros(())

    def absolute(self, r: Tensor) -> Tensor:
        """The radii in their places."""
        return self.linear(r)

    def constant(self, rows: Functionals) -> PerRow:
        """Zero."""
        return rows.coef.new_zeros(len(rows))


@dataclass(frozen=True)
class Reshape(Rearrangement):
    """The same numbers in another shape."""

    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]

    def linear(self, z: Tensor) -> Tensor:
        """The reshaped values."""
        return z.reshape(-1, *self.out_shape)

    def pull(self, rows: Functionals) -> Functionals:
        """The coefficients in the shape of the input."""
        rows = rows.whole()
        return replace(rows, coef=rows.coef.reshape(-1, *self.in_shape), shape=self.in_shape)


class Add:
    """The sum of its parents."""


class Larger(Add):
    """The larger of two values a and b, as the sum of relu(a - b) and b."""


class Input:
    """The images."""


def _ready(rows: Functionals) -> Functionals:
    """Rows whose coefficients broadcast against numbers per channel or per unit."""
    return rows.whole() if len(rows.shape) == 1 else rows.clipped()
