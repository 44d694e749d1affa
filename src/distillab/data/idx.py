"""The idx files of MNIST and its look-alikes, packed or not, in torchvision's layout."""

import gzip
import hashlib
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from distillab.core.errors import ArtifactError
from distillab.data.download import torchvision_dataset
from distillab.data.entries import FILE_LIMIT
from distillab.data.raw import RawData, checked
from distillab.data.reasons import LARGE
from distillab.specs.data_facts import DataFacts

STEMS = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def read_idx_folder(root: Path, name: str, class_names: tuple[str, ...], facts: DataFacts) -> RawData:
    """The data set in ``root/<name>/raw``, through torchvision's class ``name`` where a file is absent.

    Raises:
        ArtifactError: the files cannot be had, or are not what ``facts`` say.
    """
    folder = root / name / "raw"
    if not all(_found(folder, stem) for stem in STEMS):
        files = ", ".join(f"{name}/raw/{stem}[.gz]" for stem in STEMS)
        torchvision_dataset(name, root, train=True, files=files)
    train_x, train_y, test_x, test_y = (_read(folder, stem, facts) for stem in STEMS)
    raw = RawData(
        train_x[:, None], train_y.long(), test_x[:, None], test_y.long(), facts.levels, class_names, facts.standin
    )
    return checked(raw, facts, where=str(folder))


def parse_idx(content: bytes, *, where: str) -> UInt8[Tensor, "..."]:
    """The unsigned bytes of an idx file, in the shape its header gives.

    The header is big-endian: two zero bytes, the type (8: unsigned byte), the number of axes, the length of each axis.

    Raises:
        ArtifactError: not such a file, or shorter or longer than its header says.
    """
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or not content[3]:
        raise ArtifactError("not an idx file of bytes", where=where, got=content[:4].hex() or "nothing")
    start = 4 + 4 * content[3]
    shape = struct.unpack(f">{content[3]}I", content[4:start]) if len(content) >= start else ()
    size = start + int(np.prod(shape, dtype=object))
    if len(content) != size:
        raise ArtifactError(
            "damaged idx file", where=where, expected=f"{size} bytes", got=str(len(content)), do="get the file anew"
        )
    try:
        return torch.from_numpy(np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy())
    except ValueError as error:  # no bytes in more axes, or longer ones, than there can be
        raise ArtifactError("damaged idx file", where=where, got=str(error), do="get the file anew") from error


def _found(folder: Path, stem: str) -> Path | None:
    """The packed file, whose published checksum is known, before the unpacked one."""
    return next((path for path in (folder / f"{stem}.gz", folder / stem) if path.exists()), None)


def _read(folder: Path, stem: str, facts: DataFacts) -> UInt8[Tensor, "..."]:
    path = _found(folder, stem) or folder / stem
    try:
        with path.open("rb") as file:
            stored = file.read(FILE_LIMIT + 1)
        content = gzip.GzipFile(fileobj=BytesIO(stored)).read(FILE_LIMIT + 1) if path.suffix == ".gz" else stored
    except (OSError, EOFError, zlib.error) as error:
        raise ArtifactError("unreadable", where=str(path), got=str(error), do="get the file anew") from error
    if max(len(stored), len(content)) > FILE_LIMIT:
        raise ArtifactError(LARGE.text, where=str(path), do="get the file anew")
    tensor = parse_idx(content, where=str(path))
    if tensor.dim() != int(stem[stem.index("idx") + 3]):
        raise ArtifactError("another idx file", where=str(path), expected=stem, got=f"{tensor.dim()} axes")
    if stem in facts.sha256:  # another gzip may have packed the same bytes to another file
        _verify("SHA-256 once unpacked", facts.sha256[stem], hashlib.sha256(content).hexdigest(), path)
    elif path.name in facts.md5:
        _verify("MD5", facts.md5[path.name], hashlib.md5(stored, usedforsecurity=False).hexdigest(), path)
    return tensor


def _verify(kind: str, expected: str, got: str, path: Path) -> None:
    if got != expected:
        raise ArtifactError("not the published file", where=str(path), expected=f"{kind} {expected}", got=got)
