"""The members of a tar, plain or packed by gzip, bzip2 or xz, read as a stream."""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from distillab.core.errors import ArtifactError
from distillab.data.entries import FILE_LIMIT, FileEntry, Needed, leaves_folder, read_entry
from distillab.data.reasons import DEVICE, LARGE, LINK, OUTSIDE, SPARSE, Reason
from distillab.data.zips import check_bomb

_Stream = IO[bytes] | gzip.GzipFile

PACKERS: dict[bytes, Callable[[Path], _Stream]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
"""How to unpack a stream, by the bytes it begins with."""

_CHUNK = 1 << 20

_PATIENCE = 100
"""How often the end is met, by whoever reads a whole archive, at most."""


def tar_entries(path: Path, needed: Needed, *, sha256: str = "") -> Iterator[FileEntry]:
    """The members of the tar at ``path`` in its own order, folders left out.

    Raises:
        ArtifactError: the tar is a bomb, or does not hash to ``sha256`` once unpacked.
    """
    with _unpacked(path) as unpacked:
        watched = _Watched(unpacked, path)
        with tarfile.open(fileobj=watched, mode="r|", tarinfo=_Member) as archive:
            files = (info for info in archive if not info.isdir())
            for i, info in enumerate(files):
                trouble = _trouble(info)
                stream = archive.extractfile(info) if trouble is None and needed(i, info.name) else None
                yield read_entry(info.name, stream) if stream else FileEntry(info.name, trouble=trouble)
            _check_end(archive)
        found = watched.digest.hexdigest()
    if sha256 and found != sha256:
        expected = f"SHA-256 {sha256} once unpacked"
        raise ArtifactError("not the expected file", where=str(path), expected=expected, got=found, do="get it anew")


def _unpacked(path: Path) -> _Stream:
    with path.open("rb") as stream:
        head = stream.read(8)
    packers = [packer for magic, packer in PACKERS.items() if head.startswith(magic)]
    return packers[0](path) if packers else path.open("rb")


def _trouble(info: tarfile.TarInfo) -> Reason | None:
    if leaves_folder(info.name):
        return OUTSIDE
    if info.issym() or info.islnk():
        return LINK
    if not info.isreg():
        return DEVICE
    if info.issparse():
        return SPARSE
    return LARGE if info.size > FILE_LIMIT else None


def _check_end(archive: tarfile.TarFile) -> None:
    """Go on to the end of the file: what follows the mark of the end would vanish unseen.

    Raises:
        ReadError: something does.
    """
    while archive.fileobj and (chunk := archive.fileobj.read(_CHUNK)):
        if chunk.count(0) != len(chunk):
            raise tarfile.ReadError("more data after its end")


class _Member(tarfile.TarInfo):
    """A member whose damaged header is an error, where ``tarfile`` would take it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_Member":
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error} at byte {archive.offset:,}") from error


class _Watched(io.RawIOBase):
    """A stream that is hashed, and whose length is watched, as it is read."""

    def __init__(self, stream: _Stream, path: Path) -> None:
        self.stream, self.path = stream, path
        self.digest = hashlib.sha256()
        self.length = self.beyond = 0

    def read(self, size: int = -1, /) -> bytes:
        """What comes next.

        Raises:
            EOFError: nothing comes, again and again: ``tarfile`` would look for the end of a member that has none.
            ArtifactError: it is a bomb.
        """
        chunk = self.stream.read(size)
        self.beyond += not chunk
        if self.beyond > _PATIENCE:
            raise EOFError("a member longer than the archive")
        self.digest.update(chunk)
        self.length += len(chunk)
        check_bomb(self.path, self.length)
        return chunk
