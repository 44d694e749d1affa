"""What a model is shown: images as they are sent, and the hash that each is known by."""

import hashlib

import numpy as np
from jaxtyping import Float32, UInt8

from distillab.blackbox.journal import DIGEST
from distillab.core.errors import ContractError

LEVELS = 255

Pixels = Float32[np.ndarray, "n c h w"]
"""Images in [0, 1]."""


def checked_pixels(x: Pixels) -> Pixels:
    """The images, contiguous.

    Raises:
        ContractError: a pixel is outside [0, 1] or not a number.
    """
    if x.size and not (x.min() >= 0 and x.max() <= 1):  # of NaN both are false
        raise ContractError(
            "not images", expected="pixels in [0, 1]", got=f"pixels from {x.min():.4g} to {x.max():.4g}"
        )
    return np.ascontiguousarray(x)


def in_bytes(x: Pixels) -> UInt8[np.ndarray, "n c h w"] | None:
    """The stored pixels of images of 8 bits; None where some pixel lies between two of their levels."""
    stored = np.rint(x * np.float32(LEVELS)).astype(np.uint8)
    return stored if np.array_equal(stored.astype(np.float32) / np.float32(LEVELS), x) else None


def image_hashes(x: Pixels) -> list[bytes]:
    """A hash of each image's shape and pixels: equal images have equal ones, however they are sent or batched."""
    return [_hash(image) for image in x]


def _hash(image: Float32[np.ndarray, "c h w"]) -> bytes:
    stored = in_bytes(image)
    pixels = image.astype("<f4") if stored is None else stored
    head = f"{pixels.dtype.str}{pixels.shape}".encode()
    return hashlib.blake2b(head + pixels.tobytes(), digest_size=DIGEST).digest()
