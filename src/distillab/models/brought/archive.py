"""A model's file as a tensor of its bytes: what is kept of it, so that all that follows works without the file."""

from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor

from distillab.core.errors import ArtifactError

BYTES = "file"
"""Under which name a payload keeps a file."""

LARGEST = 2**32
"""Bytes of a file: it is read as a whole, and kept once more."""


def as_tensor(path: Path) -> Tensor:
    """The bytes of a file.

    Raises:
        ArtifactError: it cannot be read, is empty, or too large.
    """
    try:
        size = path.stat().st_size
        if not 0 < size <= LARGEST:
            expected = f"at most {LARGEST // 2**30} GiB"
            got = f"{size / 2**30:.1f} GiB" if size else "an empty file"
            raise ArtifactError("cannot be read as a model", where=str(path), expected=expected, got=got)
        return torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
    except OSError as error:
        raise ArtifactError("cannot be read", where=str(path), got=error.strerror or "") from error


def as_bytes(kept: Tensor) -> bytes:
    """What `as_tensor` kept."""
    return kept.numpy().tobytes()


def as_file(payload: dict[str, Tensor]) -> BytesIO:
    """The file of a payload, to be read again."""
    return BytesIO(as_bytes(payload[BYTES]))
