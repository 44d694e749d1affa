"""A model's file as a tensor of its bytes: what is kept of it, so that all that follows works without the file."""

from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.specs.brought import LARGEST, too_large

BYTES = "file"
"""Under which name a payload keeps a file."""


def as_tensor(path: Path) -> Tensor:
    """The bytes of a file.

    Raises:
        ArtifactError: it cannot be read, is empty, or too large.
    """
    try:
        size = path.stat().st_size
        if not size:
            raise ArtifactError("cannot be read as a model", where=str(path), got="an empty file")
        if size > LARGEST:
            raise too_large(path, size, LARGEST)
        return torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
    except OSError as error:
        raise ArtifactError("cannot be read", where=str(path), got=error.strerror or "") from error


def as_bytes(kept: Tensor) -> bytes:
    """What `as_tensor` kept."""
    return kept.numpy().tobytes()


def as_file(payload: dict[str, Tensor]) -> BytesIO:
    """The file of a payload, to be read again."""
    return BytesIO(as_bytes(payload[BYTES]))
