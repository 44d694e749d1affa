"""Tensors on disk: safetensors, never pickle."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.core.files import write_bytes


def save_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write named tensors atomically; equal tensors give equal bytes.

    Raises:
        ArtifactError: the disk is full or the folder cannot be written.
    """
    # Not save_file: it hides the operating system's error number, by which a full disk is told from a bug.
    write_bytes(path, save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}))


def load_tensors(path: Path, device: str = "cpu") -> dict[str, Tensor]:
    """The named tensors at ``path``.

    Raises:
        ArtifactError: the file is absent or not a safetensors file.
    """
    try:
        return load_file(path, device=device)
    except FileNotFoundError as error:
        raise ArtifactError("missing", where=str(path), do="run snakemake to make it") from error
    except SafetensorError as error:
        raise ArtifactError(
            "not a safetensors file", where=str(path), got=str(error), do="delete it and run snakemake again"
        ) from error
