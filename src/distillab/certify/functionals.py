"""Linear functionals of one value inside a network, many at a time, each for one image."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

PerRow = Float[Tensor, "r"]


@dataclass(frozen=True)
class Windows:
    """Where windows lie that grew from single units: window r starts at place[r] of a grid, times stride plus offset.

    The grid is that of the map (height, width), or the vector (length,), that the units belong to.
    """

    place: Int[Tensor, "r"]
    """Flat position in the grid."""
    grid: tuple[int, ...]
    stride: tuple[int, ...]
    offset: tuple[int, ...]

    def starts(self) -> list[Tensor]:
        """The first position of every window along each axis; negative before the border."""
        positions = torch.unravel_index(self.place, self.grid)
        return [p * s + o for p, s, o in zip(positions, self.stride, self.offset, strict=True)]


@dataclass(frozen=True)
class Functionals:
    """Row r is the functional sum(coef[r] * value[image[r]]) of a value with ``shape`` per image; images ascend.

    Without ``windows``, ``coef`` covers the whole value: (r, *shape). Else it covers a window of it: (r, c, height,
    width) of a map, or (r, 1) of a vector. A unit of a convolution depends on such a window only, its receptive
    field. Windows may reach beyond the border of the map, where values are zero.
    """

    image: Int[Tensor, "r"]
    coef: Tensor
    shape: tuple[int, ...]
    windows: Windows | None = None
    inside: bool = True
    """False where coefficients beyond the border may differ from zero, and mean nothing."""
    template: Int[Tensor, "r"] | None = None
    """Where many rows share coefficients, as all places of a channel do: row r has ``coef[template[r]]``."""
    each: int = 0
    """Rows per image where all images have as many, with the same coefficients if there is a template; else 0."""
    ends: tuple[int, int] | None = None
    """The first and the last image, where they are known: others may lie between, and rows of some may be gone."""

    def __len__(self) -> int:
        return len(self.image)

    def __neg__(self) -> "Functionals":
        return replace(self, coef=-self.coef)

    def __add__(self, other: "Functionals") -> "Functionals":
        """The sums, row by row; windows become as large as both need."""
        mine, theirs = (self, other) if self.template is other.template else (self.spread(), other.spread())
        at, there = mine.windows, theirs.windows
        if at and there and len(at.grid) == 2 and at.stride == there.stride:
            return _joined(mine, at, theirs, there)
        first, second = mine.whole(), theirs.whole()
        return replace(first, coef=first.coef + second.coef)

    def take(self, which: Int[Tensor, "s"]) -> "Functionals":
        """Some of the rows, in their order."""
        windows = self.windows and replace(self.windows, place=self.windows.place[which])
        if self.template is None:
            return replace(self, image=self.image[which], coef=self.coef[which], windows=windows, each=0)
        return replace(self, image=self.image[which], template=self.template[which], windows=windows, each=0)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "Functionals":
        """The same rows with ``change`` applied to every coefficient."""
        return replace(self, coef=change(self.coef))

    def spread(self) -> "Functionals":
        """The same rows, each with its own coefficients."""
        if self.template is None:
            return self
        return replace(self, coef=self.coef.index_select(0, self.template), template=None)

    def pick(self, values: Tensor) -> PerRow:
        """Numbers of each coefficient vector as numbers of each row."""
        return values if self.template is None else values.index_select(0, self.template)

    def seen(self, value: Tensor) -> Tensor:
        """What each row sees of ``value`` (n, *shape): as large as its coefficients, zero beyond the border."""
        lines, index = self._lines(value)
        return lines.index_select(0, index).view(-1, *self.coef.shape[1:])

    def times(self, value: Tensor) -> "Functionals":
        """Functionals of v that equal these of ``value * v``; zero beyond the border."""
        coef, seen = self._facing(value)
        product = (coef * seen).view(len(self), *self.coef.shape[1:])
        return replace(self, coef=product, template=None, inside=True)

    def plus(self, other: "Functionals", value: Tensor) -> "Functionals":
        """The sum of these functionals, each with its own coefficients, and of ``other.times(value)``, in one go."""
        coef, seen = other._facing(value)
        total = torch.addcmul(self.coef.view(torch.broadcast_shapes(coef.shape, seen.shape)), coef, seen)
        return replace(self, coef=total.view_as(self.coef))

    def dot(self, value: Tensor) -> PerRow:
        """Row r's value: sum(coef[r] * value[image[r]])."""
        if self.template is not None:
            lines, index = self._lines(value)
            return (self.coef.flatten(1) @ lines.T)[self.template, index]
        if self.each and self.windows is None:
            blocks = self.coef.flatten(1).unflatten(0, (-1, self.each))
            return torch.bmm(self._images(value).flatten(1)[:, None], blocks.transpose(1, 2)).flatten()
        return (self.coef * self.seen(value)).flatten(1).sum(dim=1)

    def radius(self, value: Tensor) -> PerRow:
        """How far row r moves while every place moves by up to ``value``: sum(abs(coef[r]) * value[image[r]]).

        Whole rows go image by image: a copy of all absolute values would double the memory of a sweep.
        """
        if self.template is None and self.each and self.windows is None:
            blocks = self.coef.flatten(1).split(self.each)
            return torch.cat([b.abs() @ v for b, v in zip(blocks, self._images(value).flatten(1), strict=True)])
        return self.mapped(torch.abs).dot(value)

    def clipped(self) -> "Functionals":
        """The same functionals, with zeros beyond the border."""
        if self.inside:
            return self
        ones = self.coef.new_ones(1, 1, *self.shape[1:]).expand(self._ends()[1] + 1, self.shape[0], -1, -1)
        return self.times(ones)

    def whole(self) -> "Functionals":
        """The same functionals, over the whole value."""
        if self.windows is None:
            return self
        rows, windows = self.spread(), self.windows
        if len(windows.grid) == 1:
            zeros = rows.coef.new_zeros(len(rows), *rows.shape)
            return replace(rows, coef=zeros.scatter(1, windows.place[:, None], rows.coef), windows=None)
        channels, height, width = rows.shape
        place = _places(windows, rows.coef.shape[2:], (height, width))[:, None].expand(-1, channels, -1)
        zeros = rows.coef.new_zeros(len(rows), channels, height * width + 1)
        filled = zeros.scatter(2, place, rows.coef.flatten(2))[..., :-1]
        return replace(rows, coef=filled.unflatten(2, (height, width)), windows=None, inside=True)

    def trimmed(self) -> "Functionals":
        """Whole rows where a window is not smaller than the map."""
        return self.whole() if self.windows and prod(self.coef.shape[1:]) >= prod(self.shape) else self

    def _facing(self, value: Tensor) -> tuple[Tensor, Tensor]:
        """Coefficients and what they see of a value, in shapes that broadcast."""
        if not self.each or self.windows:
            return self.spread().coef, self.seen(value)
        images = self._images(value)[:, None]
        if self.template is None:
            return self.coef.unflatten(0, (-1, self.each)), images
        return self.coef.index_select(0, self.template[: self.each])[None], images

    def _images(self, value: Tensor) -> Tensor:
        """The values of the images that these rows are of."""
        first, last = self._ends()
        return value[first : last + 1]

    def _ends(self) -> tuple[int, int]:
        """The first and the last image."""
        return self.ends or (int(self.image[0]), int(self.image[-1]))

    def _lines(self, value: Tensor) -> tuple[Tensor, Int[Tensor, "r"]]:
        """Everything that rows may see of a value, a line for each image and window, and each row's line."""
        windows, image = self.windows, self.image - self._ends()[0]
        values = self._images(value)
        if windows is None:
            return values.flatten(1), image
        index = image * prod(windows.grid) + windows.place
        if len(windows.grid) == 1:
            return values.reshape(-1, 1), index
        return _table(values, windows, self.coef.shape[2:]), index


def unit_rows(image: Int[Tensor, "r"], unit: Int[Tensor, "r"], shape: tuple[int, ...], like: Tensor) -> Functionals:
    """Row r is unit ``unit[r]`` (position in the flattened value) itself: a window of one place."""
    if len(shape) == 1:
        one = torch.ones(1, 1, dtype=like.dtype, device=like.device)
        return Functionals(image, one, shape, Windows(unit, shape, (1,), (0,)), template=torch.zeros_like(unit))
    grid = shape[1:]
    channels = torch.eye(shape[0], dtype=like.dtype, device=like.device)[:, :, None, None]
    windows = Windows(unit % prod(grid), grid, (1, 1), (0, 0))
    return Functionals(image, channels, shape, windows, template=unit // prod(grid))


def _table(value: Float[Tensor, "n c h w"], windows: Windows, size: torch.Size) -> Float[Tensor, "p f"]:
    """The windows at every place of the grid, image after image: rows of one place then are copies of one line."""
    spans = [(g - 1) * s + k for g, s, k in zip(windows.grid, windows.stride, size, strict=True)]
    top, left = windows.offset
    bottom, right = (o + s - n for o, s, n in zip(windows.offset, spans, value.shape[2:], strict=True))
    padded = F.pad(value, (-left, right, -top, bottom))
    patches = padded.unfold(2, size[0], windows.stride[0]).unfold(3, size[1], windows.stride[1])
    return patches.permute(0, 2, 3, 1, 4, 5).flatten(0, 2).flatten(1)


def _places(windows: Windows, size: torch.Size, map_size: tuple[int, int]) -> Int[Tensor, "r p"]:
    """Flat positions of every window's places in a map; those beyond its border all get the number of places."""
    height, width = map_size
    top, left = windows.starts()
    down = top[:, None] + torch.arange(size[0], device=top.device)
    right = left[:, None] + torch.arange(size[1], device=top.device)
    inside = ((down >= 0) & (down < height))[:, :, None] & ((right >= 0) & (right < width))[:, None]
    return (down[:, :, None] * width + right[:, None]).where(inside, height * width).flatten(1)


def _joined(mine: Functionals, at: Windows, theirs: Functionals, there: Windows) -> Functionals:
    """The sum of rows in windows of different sizes and offsets."""
    offset = tuple(map(min, at.offset, there.offset))
    ends = [
        max(a + m, b + t)
        for a, m, b, t in zip(at.offset, mine.coef.shape[2:], there.offset, theirs.coef.shape[2:], strict=True)
    ]

    def padded(coef: Tensor, start: tuple[int, ...]) -> Tensor:
        top, left = (s - o for s, o in zip(start, offset, strict=True))
        bottom, right = (e - s - n for e, s, n in zip(ends, start, coef.shape[2:], strict=True))
        return F.pad(coef, (left, right, top, bottom))

    coef = padded(mine.coef, at.offset) + padded(theirs.coef, there.offset)
    inside = mine.inside and theirs.inside
    return replace(mine, coef=coef, windows=replace(at, offset=offset), inside=inside).trimmed()
