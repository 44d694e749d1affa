"""Images that stay on disk: worker processes read, crop and mirror them on the way to a batch."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from distillab.core.errors import ArtifactError
from distillab.core.generators import generator
from distillab.core.shapes import Labels
from distillab.core.transfer import sent
from distillab.data.augment import augmented
from distillab.data.dataset import Batch, unit
from distillab.data.decoding import open_image, stored_pixels
from distillab.data.views import center_view, random_view
from distillab.specs.augment import AugmentSpec

LEVELS = 255
_View = tuple[int, UInt8[Tensor, "c h w"]] | ArtifactError


@dataclass(frozen=True)
class ImageFiles:
    """The files of one split, named below ``folder``, sorted by class; the names of a million fit in 50 MB."""

    folder: Path
    names: np.ndarray  # of bytes, not of str: forked workers then share it without copying reference counts
    y: Labels

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class StreamedImages:
    """An image source on disk; ``batches`` walks over it as over images in memory.

    Training views are random resized crops where the augmentation asks for them, all others resize the shorter side
    to 256/224 of ``size`` and crop the center. What an image becomes depends on the stream's state, the image's number
    and how often it came before alone: neither workers nor batch size nor order change it.
    """

    files: ImageFiles
    size: int = 224
    workers: int = 0
    device: torch.device | str = "cpu"

    @property
    def y(self) -> Labels:
        """The labels of all images, on the CPU."""
        return self.files.y

    def __len__(self) -> int:
        return len(self.files)

    def to(self, device: torch.device | str) -> "StreamedImages":
        """The same images, given out on ``device``."""
        return replace(self, device=device)

    def with_labels(self, y: Labels) -> "StreamedImages":
        """The same images with other labels."""
        return replace(self, files=replace(self.files, y=y.cpu()))

    def walk(
        self, index: Int[Tensor, " m"], *, batch_size: int, augment: AugmentSpec, stream: torch.Generator | None
    ) -> Iterator[Batch]:
        """The images at ``index`` in its order; see ``batches``."""
        if len(index) == 0:  # one empty batch, as of images in memory
            x = torch.empty(0, 3, self.size, self.size, device=self.device)
            yield Batch(x, sent(self.y[index], self.device), index)
            return
        seed = None if stream is None else int(torch.randint(2**62, (), generator=stream))
        loader = DataLoader(
            _Views(self.files, self.size, augment, seed),
            sampler=list(zip(index.tolist(), turns(index).tolist(), strict=True)),
            batch_size=batch_size,
            num_workers=self.workers,
            collate_fn=_collated,
            pin_memory=torch.device(self.device).type == "cuda",
            generator=torch.Generator(),  # else the loader would draw from the global one
        )
        for rows in loader:
            if isinstance(rows, ArtifactError):
                raise rows
            ids, x = rows
            x = x.to(self.device, non_blocking=True)
            yield Batch(unit(x, LEVELS), sent(self.y[ids], self.device), ids)


@dataclass(frozen=True)
class _Views(Dataset[_View]):
    """Numbered images, each cropped and mirrored by its own generator; a bad file is returned, not raised.

    An exception that crosses from a worker would arrive as a page of traceback.
    """

    files: ImageFiles
    size: int
    augment: AugmentSpec
    seed: int | None

    def __getitem__(self, asked: tuple[int, int]) -> _View:
        i, turn = asked
        path = self.files.folder / os.fsdecode(self.files.names[i])
        try:
            image = open_image(path.read_bytes(), channels=3, where=str(path))
        except ArtifactError as error:
            return error
        except OSError as error:
            return ArtifactError("unreadable image", where=str(path), got=str(error))
        if self.seed is None:
            return i, torch.from_numpy(stored_pixels(center_view(image, self.size)).copy())
        own = generator(self.seed, i, *((turn,) if turn else ()))
        view = random_view(image, self.size, own) if self.augment.resized_crop else center_view(image, self.size)
        return i, augmented(torch.from_numpy(stored_pixels(view).copy())[None], self.augment, own)[0]


def turns(index: Int[Tensor, " m"]) -> Int[Tensor, " m"]:
    """How often each number of ``index`` came before it: an epoch of few images asks for them again and again."""
    order = index.argsort(stable=True)
    position = torch.arange(len(index))
    begins = torch.ones(len(index), dtype=torch.bool)
    begins[1:] = index[order][1:] != index[order][:-1]
    first = torch.where(begins, position, 0).cummax(0).values
    return torch.empty_like(index).scatter_(0, order, position - first)


def _collated(rows: list[_View]) -> tuple[Int[Tensor, " m"], UInt8[Tensor, "m c h w"]] | ArtifactError:
    """Numbers and pixels of a batch, stacked in the worker so that one tensor crosses to the parent, or what failed."""
    good: list[tuple[int, Tensor]] = []
    for row in rows:
        if isinstance(row, ArtifactError):
            return row
        good.append(row)
    return torch.tensor([i for i, _ in good]), torch.stack([pixels for _, pixels in good])
