"""Image files to stored pixels."""

import io
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from jaxtyping import Int, UInt8
from PIL import Image
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.data.archives import members
from distillab.specs.model import ImageShape

FORMATS = ("BMP", "JPEG", "PNG", "PPM", "WEBP")
SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".webp"})
_EIGHT_BITS = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})

Place = tuple[str, str]
"""The split and the class of an image."""


def open_image(content: bytes, *, channels: int, where: str) -> Image.Image:
    """The decoded image, grey for 1 channel and RGB for 3.

    Raises:
        ArtifactError: not an image, truncated, or deeper than 8 bits.
    """
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.mode not in _EIGHT_BITS:
            raise ArtifactError("unreadable image", where=where, expected="8 bits a channel", got=image.mode)
        return image.convert("L" if channels == 1 else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ArtifactError("unreadable image", where=where, got=str(error), do="replace the file") from error


def stored_pixels(image: Image.Image) -> UInt8[np.ndarray, "c h w"]:
    """The pixels of a grey or RGB image, channels first."""
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


class ImageStack:
    """Images gathered in any order and given out sorted by class and file name."""

    def __init__(self, shape: ImageShape) -> None:
        self.shape = shape
        self.keys: list[tuple[str, str]] = []
        self._buffer = bytearray()

    def add(self, pixels: UInt8[np.ndarray, "c h w"], key: tuple[str, str]) -> None:
        """Append an image; ``key`` is its class and its file name."""
        self.keys.append(key)
        self._buffer += pixels.tobytes()

    @property
    def classes(self) -> set[str]:
        """The classes seen so far."""
        return {name for name, _ in self.keys}

    def tensors(self, class_names: tuple[str, ...]) -> tuple[UInt8[Tensor, "n c h w"], Int[Tensor, " n"]]:
        """All images and their labels, a label being a position in ``class_names``."""
        label = {name: i for i, name in enumerate(class_names)}
        order = sorted(range(len(self.keys)), key=self.keys.__getitem__)
        y = torch.tensor([label[self.keys[i][0]] for i in order], dtype=torch.int64)
        if not order:
            return torch.empty(0, *self.shape, dtype=torch.uint8), y
        x = torch.frombuffer(self._buffer, dtype=torch.uint8).view(-1, *self.shape)
        in_order = all(i == j for i, j in enumerate(order))
        return (x if in_order else x[torch.tensor(order)]), y


def read_stacks(
    path: Path,
    shape: ImageShape,
    place: Callable[[PurePosixPath], Place | None],
    *,
    resize: bool = False,
    sha256: str = "",
) -> dict[str, ImageStack]:
    """The images of every split in a folder or archive, decoded one by one.

    Args:
        path: a folder or archive, as for ``archives.members``.
        shape: channels, height, width of every image.
        place: the split and class of a name, or None to pass over it.
        resize: bring images of another size to ``shape`` (antialiased bilinear, aspect ratio not kept).
        sha256: what a tar must hash to once unpacked; empty means anything.

    Raises:
        ArtifactError: an image cannot be decoded, or has another size and ``resize`` is off.
    """
    stacks: dict[str, ImageStack] = {}
    for name, content in members(path, lambda name: name.suffix.lower() in SUFFIXES, sha256=sha256):
        placed = place(name)
        if placed is None:
            continue
        split, class_name = placed
        image = open_image(content, channels=shape[0], where=f"{path}: {name}")
        if image.size != (shape[2], shape[1]):
            image = _resized(image, shape, f"{path}: {name}", resize)
        stacks.setdefault(split, ImageStack(shape)).add(stored_pixels(image), (class_name, name.name))
    return stacks


def _resized(image: Image.Image, shape: ImageShape, where: str, resize: bool) -> Image.Image:
    if not resize:
        expected, got = f"{shape[1]}x{shape[2]} (height x width)", f"{image.height}x{image.width}"
        raise ArtifactError("unexpected image size", where=where, expected=expected, got=got)
    return image.resize((shape[2], shape[1]), Image.Resampling.BILINEAR)
