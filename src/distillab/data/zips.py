"""The members of a zip."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.data.entries import FILE_LIMIT, FileEntry, Needed, leaves_folder, read_entry
from distillab.data.reasons import DEVICE, ENCRYPTED, LARGE, LINK, OUTSIDE, UNREADABLE, Reason, packing

BOMB_BYTES, BOMB_RATIO = 1 << 27, 100
"""An archive that unpacks to more than both is a bomb: images hardly shrink when they are packed."""

_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 93: "zstd", 95: "xz", 96: "JPEG", 98: "PPMd", 99: "AES"}
_READ = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_DAMAGE = (EOFError, OSError, ValueError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def zip_entries(path: Path, needed: Needed) -> Iterator[FileEntry]:
    """The members of the zip at ``path`` in its own order, folders left out; one that is damaged is its own trouble.

    Raises:
        ArtifactError: the zip is a bomb.
    """
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        check_bomb(path, sum(info.file_size for info in members))
        for i, info in enumerate(members):
            name = info.filename.replace("\\", "/")
            trouble = _trouble(name, info)
            wanted = trouble is None and needed(i, name)
            yield _read(archive, info, name) if wanted else FileEntry(name, trouble=trouble)


def check_bomb(path: Path, unpacked: int) -> None:
    """Refuse an archive whose content is that much larger.

    Raises:
        ArtifactError: it is a bomb.
    """
    packed = path.stat().st_size
    if unpacked > max(BOMB_BYTES, BOMB_RATIO * packed):
        expected = f"at most {BOMB_RATIO} times its {packed:,} bytes once unpacked"
        raise ArtifactError(
            "an archive bomb", where=str(path), expected=expected, got=f"{unpacked:,} or more", do="do not use it"
        )


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> FileEntry:
    try:
        with archive.open(info) as stream:
            return read_entry(name, stream)
    except _DAMAGE:
        return FileEntry(name, trouble=UNREADABLE)


def _trouble(name: str, info: zipfile.ZipInfo) -> Reason | None:
    mode = info.external_attr >> 16
    if leaves_folder(name):
        return OUTSIDE
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return LINK if stat.S_ISLNK(mode) else DEVICE
    if info.compress_type not in _READ:
        return packing(_METHODS.get(info.compress_type, f"method {info.compress_type}"))
    if info.flag_bits & 1:
        return ENCRYPTED
    return LARGE if info.file_size > FILE_LIMIT else None
