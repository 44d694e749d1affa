"""Images by index, and batches of them: the one way training, attacks and evaluation see a data set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distillab.core.errors import ContractError
from distillab.core.shapes import Images, Labels, RawImages
from distillab.core.transfer import sent
from distillab.data.augment import augmented
from distillab.specs.augment import AugmentSpec

NO_AUGMENTATION = AugmentSpec()


@dataclass(frozen=True, slots=True)
class Batch:
    """Images in [0, 1] and labels on the source's device; ``index`` on the CPU says which images they are."""

    x: Images
    y: Labels
    index: Labels


@runtime_checkable
class ImageSource(Protocol):
    """Anything that can walk over chosen images in batches: images in memory, or files read by workers."""

    @property
    def y(self) -> Labels:
        """The labels of all images."""

    def __len__(self) -> int: ...

    def to(self, device: torch.device | str) -> "ImageSource":
        """The same images, given out on ``device``."""

    def with_labels(self, y: Labels) -> "ImageSource":
        """The same images with other labels, on the device of the old ones."""

    def walk(
        self, index: Int[Tensor, " m"], *, batch_size: int, augment: AugmentSpec, stream: torch.Generator | None
    ) -> Iterator[Batch]:
        """The images at ``index`` in its order; ``stream`` is present where ``augment`` asks for anything."""


@dataclass(frozen=True)
class ResidentImages:
    """Images that live on a device as stored pixels, a quarter of the memory of floats."""

    x: RawImages
    y: Labels
    levels: int

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device | str) -> "ResidentImages":
        """The same images on ``device``."""
        return ResidentImages(self.x.to(device), self.y.to(device), self.levels)

    def with_labels(self, y: Labels) -> "ResidentImages":
        """The same images with other labels."""
        return replace(self, y=y.to(self.y.device))

    def joined(self, x: RawImages) -> "ResidentImages":
        """These images and after them others of the same shape and levels, whose labels are unknown: -1."""
        unknown = self.y.new_full((len(x),), -1)
        return replace(self, x=torch.cat([self.x, x.to(self.x.device)]), y=torch.cat([self.y, unknown]))

    def images(self, index: Int[Tensor, " m"]) -> Float[Tensor, "m c h w"]:
        """Float32 images in [0, 1] at ``index`` (any device), exactly stored pixel over levels."""
        return unit(self.x[sent(index, self.x.device)], self.levels)

    def walk(
        self, index: Int[Tensor, " m"], *, batch_size: int, augment: AugmentSpec, stream: torch.Generator | None
    ) -> Iterator[Batch]:
        """The images at ``index`` in its order; see ``batches``."""
        here = sent(index, self.x.device)
        for ids, rows in zip(torch.split(index, batch_size), torch.split(here, batch_size), strict=True):
            x = unit(self.x[rows], self.levels)
            yield Batch(x if stream is None else augmented(x, augment, stream), self.y[rows], ids)


def unit(x: RawImages, levels: int) -> Images:
    """Float32 pixels in [0, 1]: the correctly rounded quotient of stored pixel and levels, on every device."""
    # Dividing by a Python number would multiply by its rounded reciprocal on CUDA; a tensor divides.
    return x.float() / torch.full((), float(levels), device=x.device)


def batches(
    source: ImageSource,
    index: Int[Tensor, " m"],
    *,
    batch_size: int,
    order: torch.Generator | None = None,
    augment: AugmentSpec = NO_AUGMENTATION,
    stream: torch.Generator | None = None,
) -> Iterator[Batch]:
    """Batches that hold every image of ``index`` once; the last one may be smaller.

    Args:
        source: images in memory or on disk.
        index: positions in ``source``, on the CPU.
        batch_size: images per batch, at least 1.
        order: a CPU generator that shuffles ``index`` anew; None keeps the order of ``index``.
        augment: what to do to the images.
        stream: the CPU generator that augmentation draws from; None only if there is no augmentation.

    Raises:
        ContractError: there is augmentation but nothing to draw it from.
    """
    if augment == NO_AUGMENTATION:
        stream = None
    elif stream is None:
        raise ContractError("augmentation needs a generator", where="batches", expected="stream", got="None")
    chosen = index if order is None else index[torch.randperm(len(index), generator=order)]
    return source.walk(chosen, batch_size=batch_size, augment=augment, stream=stream)
