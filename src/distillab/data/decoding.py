"""Image files to stored pixels."""

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int, UInt8
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from distillab.core.errors import ArtifactError, ContractError
from distillab.core.shown import escaped
from distillab.data.reasons import DAMAGED, DEEP, FORMATS, FRAMES, PIXELS, SIZE, Reason
from distillab.specs.model import ImageShape

PIXEL_LIMIT = 1 << 26
"""Pixels of an image, seen in its header: a small file can promise more than memory holds."""

_EIGHT_BITS = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})
_GREY = frozenset({"1", "L", "LA"})
_ANIMATED = frozenset({"GIF", "PNG", "TIFF", "WEBP"})


class ImageError(ArtifactError):
    """An image that is not taken in, with the reason."""

    def __init__(self, reason: Reason, detail: str = "", where: str = "") -> None:
        self.reason, self.detail, self.where = reason, detail, where
        super().__init__(reason.text, where=where, got=detail, do=reason.do)

    def __reduce__(self) -> tuple[type["ImageError"], tuple[Reason, str, str]]:
        """How the error crosses from a worker."""
        return type(self), (self.reason, self.detail, self.where)


def open_image(content: bytes, *, channels: int, where: str = "") -> Image.Image:
    """The decoded image, grey for 1 channel and RGB for 3.

    Raises:
        ImageError: not an image, truncated, too large, of several frames, or deeper than 8 bits.
    """
    return converted(load_image(content, where=where), channels=channels, where=where)


def load_image(content: bytes, *, where: str = "") -> Image.Image:
    """The decoded image as it is stored.

    Raises:
        ImageError: as for ``open_image``.
    """
    with _refusing(where, content):
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if refused := _misfit(image):
            raise ImageError(*refused, where=where)
        image.load()
        return image


def converted(image: Image.Image, *, channels: int, where: str = "") -> Image.Image:
    """The image in grey for 1 channel, in RGB for 3."""
    with _refusing(where):
        return image.convert("L" if channels == 1 else "RGB")


def channels_of(image: Image.Image) -> int:
    """1 of an image without colors, else 3."""
    return 1 if image.mode in _GREY else 3


def header_shape(source: Path | bytes, *, where: str) -> ImageShape:
    """Channels (1 or 3), height and width of an image in a file, or in its content, by its header.

    Raises:
        ImageError: it has none.
    """
    with (
        _refusing(where, b"x"),
        Image.open(source if isinstance(source, Path) else io.BytesIO(source), formats=FORMATS) as image,
    ):
        return channels_of(image), image.height, image.width


@contextmanager
def _refusing(where: str, content: bytes = b"") -> Iterator[None]:
    """Whatever a decoder raises, as the refusal of the image."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(PIXELS, where=where) from error
    except UnidentifiedImageError as error:
        raise ImageError(DAMAGED, "no image" if content else "an empty file", where=where) from error
    except Exception as error:  # a decoder that is fed damaged bytes may raise anything
        got = escaped(str(error))[:200] or type(error).__name__
        raise ImageError(DAMAGED, got, where=where) from error


def is_image_content(content: bytes) -> bool:
    """Whether bytes begin as an image does that ``open_image`` reads, whatever follows."""
    try:
        with _refusing(""):
            Image.open(io.BytesIO(content), formats=FORMATS)
    except ImageError as error:
        return error.reason is PIXELS
    return True


def _misfit(image: Image.Image) -> tuple[Reason, str] | None:
    """Why an image whose header was read is refused before it is decoded."""
    if image.width * image.height > PIXEL_LIMIT:
        return PIXELS, f"{image.height}x{image.width}"
    if image.mode not in _EIGHT_BITS or _is_deep(image):
        return DEEP, image.mode if image.mode not in _EIGHT_BITS else "16 bits a channel"
    frames = getattr(image, "n_frames", 1) if image.format in _ANIMATED else 1
    return (FRAMES, str(frames)) if frames > 1 else None


def _is_deep(image: Image.Image) -> bool:
    """Whether more than 8 bits a channel are stored, which Pillow cuts to 8 without a word."""
    for tile in getattr(image, "tile", ()):
        form, *rest = [tile.args] if isinstance(tile.args, str) else tile.args or [""]
        if image.format == "PPM" and rest and int(rest[0]) > 255:
            return True
        if image.format in {"PNG", "TIFF"} and ";16" in str(form):
            return True
    return False


def stored_pixels(image: Image.Image) -> UInt8[np.ndarray, "c h w"]:
    """The pixels of a grey or RGB image, channels first."""
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def fitted(image: Image.Image, shape: ImageShape, *, resize: bool) -> Image.Image:
    """The image at the height and width of ``shape``: antialiased bilinear, aspect ratio not kept.

    Raises:
        ImageError: it has another size, and ``resize`` is off.
    """
    if image.size == (shape[2], shape[1]):
        return image
    if not resize:
        raise ImageError(SIZE, f"{image.height}x{image.width} (height x width) instead of {shape[1]}x{shape[2]}")
    return image.resize((shape[2], shape[1]), Image.Resampling.BILINEAR)


def digest_of(image: Image.Image) -> bytes:
    """A hash of the pixels of a decoded image: files of other formats with the same pixels have the same."""
    return hashlib.blake2b(image.tobytes(), digest_size=16, person=repr(image.size).encode()[:16]).digest()


class ImageStack:
    """Images gathered in any order and given out sorted by class and by name in it."""

    def __init__(self, shape: ImageShape) -> None:
        self.shape = shape
        self.keys: list[tuple[str, str]] = []
        self._buffer = bytearray()

    def add(self, pixels: UInt8[np.ndarray, "c h w"], key: tuple[str, str]) -> None:
        """Append an image; ``key`` is its class and its name below the folder of the class.

        Raises:
            ContractError: it has another shape, and would shift all that follow.
        """
        if pixels.shape != self.shape:
            raise ContractError(
                "pixels of another shape", where=escaped(key[1]), expected=str(self.shape), got=str(pixels.shape)
            )
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
