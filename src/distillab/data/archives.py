"""The files of a folder, a tar or a zip as names and bytes; nothing is ever extracted to disk."""

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.shown import escaped
from distillab.data.entries import FileEntry, Needed
from distillab.data.folders import folder_entries
from distillab.data.reasons import UNPACK
from distillab.data.tars import PACKERS, tar_entries
from distillab.data.zips import zip_entries

KINDS = "a folder, .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz"

_FOREIGN = {b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "RAR", b"\x04\x22\x4d\x18": "LZ4"}
_DAMAGE = (
    EOFError, OSError, ValueError, KeyError, IndexError, OverflowError, RuntimeError, struct.error, zlib.error,
    lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile,
)  # fmt: skip
"""What readers of archives raise of damaged ones."""


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


def walk(path: Path, needed: Needed, *, sha256: str = "") -> Iterator[FileEntry]:
    """Every file of the folder or archive at ``path``; folders are not files. Two walks give the same names.

    A folder's files come sorted folder by folder, an archive's in its own order.

    Args:
        path: a folder, a zip, or a tar, plain or packed by gzip, bzip2 or xz.
        needed: which contents to read.
        sha256: what a tar must hash to once unpacked, checked after its last member; empty means anything.

    Raises:
        ArtifactError: there is no such file, it is no archive, damaged, a bomb, or not the expected one.
    """
    what = "damaged"
    try:
        kind = _kind(path)
        if kind == "folder":
            yield from folder_entries(path, needed)
        elif kind == "zip":
            yield from zip_entries(path, needed)
        else:
            what = "no tar in it, or damaged"  # any file may be packed by gzip
            for entry in tar_entries(path, needed, sha256=sha256):
                what = "damaged"
                yield entry
    except PermissionError as error:
        got = error.strerror or type(error).__name__
        raise ArtifactError("cannot be read", where=escaped(str(path)), got=got, do="change its permissions") from error
    except _DAMAGE as error:
        got = escaped(str(error)) or type(error).__name__
        raise ArtifactError(what, where=escaped(str(path)), got=got[:200], do="get it anew") from error


def _kind(path: Path) -> str:
    """What ``path`` is, by its content: a suffix may be missing or wrong.

    Raises:
        ArtifactError: nothing that can be read.
    """
    where = escaped(str(path))
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise ArtifactError("no such file or folder", where=where, expected=KINDS) from error
    if stat.S_ISDIR(mode):
        return "folder"
    if not stat.S_ISREG(mode):
        raise ArtifactError("neither a file nor a folder", where=where, expected=KINDS, got=stat.filemode(mode)[:1])
    with path.open("rb") as stream:
        head = stream.read(512)
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise ArtifactError(f"packed by {name}", where=where, expected=KINDS, do=UNPACK)
    if head.startswith(b"PK") or zipfile.is_zipfile(path):
        return "zip"
    if head.startswith(tuple(PACKERS)) or head[257:262] == b"ustar" or path.suffix == ".tar":
        return "tar"
    raise ArtifactError("not an archive", where=where, expected=KINDS, got=f"{path.stat().st_size:,} other bytes")
