"""The files of a folder, a tar or a zip as names and bytes; nothing is ever extracted to disk."""

import hashlib
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from distillab.core.errors import ArtifactError

Wanted = Callable[[PurePosixPath], bool]
"""Whether the file of a name is worth reading."""


def find(root: Path, names: tuple[str, ...], *, title: str) -> Path:
    """The first of ``names`` that exists in ``root``.

    Raises:
        ArtifactError: none does; the message says what to put where.
    """
    for name in names:
        if (root / name).exists():
            return root / name
    raise ArtifactError(
        f"no files of {title}", where=str(root), expected=" or ".join(names), got="none", do=f"put one into {root}"
    )


def members(path: Path, wanted: Wanted, *, sha256: str = "") -> Iterator[tuple[PurePosixPath, bytes]]:
    """Name and content of the regular files in the folder, ``.tar``, ``.tar.xz`` or ``.zip`` at ``path``.

    A folder's files come sorted by name, an archive's in its own order. Links are passed over.

    Args:
        path: a folder or an archive.
        wanted: which names to read.
        sha256: what a tar must hash to once unpacked, checked after its last member; empty means anything.

    Raises:
        ArtifactError: the archive is damaged, is not the expected one, or holds a name that leaves its folder.
    """
    try:
        if path.is_dir():
            yield from _folder_members(path, wanted)
        elif path.suffix == ".zip":
            yield from _zip_members(path, wanted)
        elif path.suffix in {".tar", ".xz"}:
            yield from _tar_members(path, wanted, sha256)
        else:
            raise ArtifactError("not an archive", where=str(path), expected="a folder, .tar, .tar.xz or .zip")
    except (EOFError, OSError, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise ArtifactError("damaged", where=str(path), got=str(error), do="get it anew") from error


def inside(name: str, *, where: str) -> PurePosixPath:
    """``name`` as a path that stays inside its archive.

    Raises:
        ArtifactError: the name is absolute or climbs with "..".
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ArtifactError("archive member outside its folder", where=where, got=repr(name), do="do not use this file")
    return path


def _folder_members(folder: Path, wanted: Wanted) -> Iterator[tuple[PurePosixPath, bytes]]:
    for path in sorted(folder.rglob("*")):
        name = PurePosixPath(path.relative_to(folder).as_posix())
        if wanted(name) and path.is_file():
            yield name, path.read_bytes()


def _zip_members(path: Path, wanted: Wanted) -> Iterator[tuple[PurePosixPath, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = inside(info.filename, where=str(path))
            if wanted(name) and not info.is_dir():
                yield name, archive.read(info)


def _tar_members(path: Path, wanted: Wanted, sha256: str) -> Iterator[tuple[PurePosixPath, bytes]]:
    with lzma.open(path) if path.suffix == ".xz" else path.open("rb") as unpacked:
        hashed = _Hashed(unpacked)
        with tarfile.open(fileobj=hashed, mode="r|") as archive:
            for info in archive:
                name = inside(info.name, where=str(path))
                content = archive.extractfile(info) if info.isreg() and wanted(name) else None
                if content is not None:
                    yield name, content.read()
        while hashed.read(1 << 20):
            pass  # the padding after the last member is part of the file
    found = hashed.digest.hexdigest()
    if sha256 and found != sha256:
        expected = f"SHA-256 {sha256} once unpacked"
        raise ArtifactError("not the expected file", where=str(path), expected=expected, got=found, do="get it anew")


class _Hashed(io.RawIOBase):
    """A stream that hashes what is read through it."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self.stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        chunk = self.stream.read(size)
        self.digest.update(chunk)
        return chunk
