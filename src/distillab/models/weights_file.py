"""A file of weights from elsewhere: read without running anything in it, and without trusting its sizes."""

import pickle
import re
import stat
import warnings
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from distillab.core.errors import ArtifactError

STATE = "a state_dict: names to tensors"
SAVE = "save model.state_dict() where the file comes from"
SUFFIX_FREE = b"{"
"""Ninth byte of a safetensors file, whatever its name: the header's length stands before it."""


def content_of(path: Path) -> object:
    """What a file of PyTorch's formats or a safetensors file holds: tensors in containers, on the CPU.

    Nothing but tensors in containers is unpickled. A safetensors file keeps no order: its names are sorted.

    Raises:
        ArtifactError: the file is absent, no regular file, damaged, packed, or holds other objects.
    """
    try:
        _refuse_other_kinds(path)
        if _head(path)[8:9] == SUFFIX_FREE:
            return dict(sorted(load_file(path).items()))
        _refuse_packed(path)
        with warnings.catch_warnings():  # of pickle protocols, that the errors below are about
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except ArtifactError:
        raise
    except FileNotFoundError as error:
        raise ArtifactError("no such file", where=str(path)) from error
    except pickle.UnpicklingError as error:
        raise _foreign(path, str(error)) from error
    except (OSError, SafetensorError, zipfile.BadZipFile) as error:
        raise ArtifactError("is no file of weights", where=str(path), expected=STATE) from error
    except Exception as error:  # what an unpickler meets in a hostile file has no list
        do = f"{SAVE}, not a TorchScript archive" if "TorchScript" in str(error) else ""
        raise ArtifactError("is no file of weights", where=str(path), expected=STATE, do=do) from error


def _refuse_other_kinds(path: Path) -> None:
    """Before the file is opened: a pipe would wait, a device would never end."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, a socket or a device"
        raise ArtifactError("is no file of weights", where=str(path), expected="a regular file", got=kind)
    if not found.st_size:
        raise ArtifactError("is no file of weights", where=str(path), expected=STATE, got="an empty file")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(9)


def _refuse_packed(path: Path) -> None:
    """PyTorch stores without packing; packed members could be of any size."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > path.stat().st_size:
            raise ArtifactError(
                "is no file of weights", where=str(path), expected="a file of torch.save", got="a packed archive",
                do=SAVE,
            )  # fmt: skip


def _foreign(path: Path, message: str) -> ArtifactError:
    name = re.search(r"GLOBAL ([\w.]+)", message)
    return ArtifactError(
        "holds more than tensors" if name else "holds more than tensors, or is no file of weights",
        where=str(path),
        expected="a state_dict",
        got=name[1][:80] if name else "",
        do=f"{SAVE}: other objects could run code",
    )
