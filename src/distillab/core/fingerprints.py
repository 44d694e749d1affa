"""What the user's own files hold, as a hash that does not know when they were written; looked at again only if changed.

Of a folder the names, sizes and bytes of all files count, up to ``MOST_BYTES`` in all; beyond them names and sizes; of
more than ``MOST_FILES`` files the names alone.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from distillab.core.errors import BlockedError
from distillab.core.files import write_text
from distillab.core.sidecar import file_hash

MOST_BYTES = 2**32
"""Of files whose bytes are read to tell whether they are others."""

MOST_FILES = 200_000
"""Of a folder whose files are looked at one by one; of more, a changed folder alone is noticed."""


def fingerprint(path: Path, kept: Path) -> str:
    """BLAKE2b-256 of what is at ``path``, a file or a folder, in hex; empty where nothing is.

    Args:
        path: what to look at.
        kept: a folder for what is known of files that have not changed since.
    """
    if not path.exists():
        return ""
    record = kept / f"{_hash([str(path.absolute())])[:32]}.json"
    known = _read(record)
    if known.get("folders") and known["stamp"] == _hash(_times(known["folders"])):
        return str(known["content"])
    names = sorted(_names(path))
    if len(names) > MOST_FILES:
        folders = sorted({str((path / name).parent) for name in names} | {str(path)})
        found = {"folders": folders, "stamp": _hash(_times(folders)), "content": _hash(names)}
    else:
        stamp = _hash(_times(str(path / name) for name in names))
        found = {"stamp": stamp, "content": known["content"] if known.get("stamp") == stamp else _content(path, names)}
    if found != known:
        with suppress(BlockedError):  # it is only slower without
            write_text(record, json.dumps(found))
    return str(found["content"])


def content_of(paths: Iterable[Path], kept: Path) -> str:
    """One hash of what is at several paths; empty where nothing is at one of them, or there are none."""
    found = [fingerprint(path, kept) for path in paths]
    return _hash(found) if found and all(found) else ""


def _content(path: Path, names: list[str]) -> str:
    sizes = [_size(path / name) for name in names]
    whole = sum(sizes) <= MOST_BYTES
    return _hash(
        part
        for name, size in zip(names, sizes, strict=True)
        for part in (name, str(size), _bytes(path / name) if whole else "")
    )


def _names(path: Path) -> Iterator[str]:
    """Names of all files below a folder, each folder entered once; of a file the empty one."""
    if not path.is_dir():
        yield ""
        return
    entered = set[tuple[int, int]]()
    for folder, folders, files in os.walk(path, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders.sort()
        yield from (str((Path(folder) / name).relative_to(path)) for name in files)


def _times(paths: Iterable[str]) -> Iterator[str]:
    """What changes with a file or folder: size and times; nothing is read."""
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - of many files
        except OSError:
            yield f"{path}\0-"
        else:
            yield f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _bytes(path: Path) -> str:
    try:
        return file_hash(path) if path.is_file() else ""
    except OSError:
        return ""


def _hash(parts: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        digest.update(os.fsencode(part) + b"\n")
    return digest.hexdigest()


def _read(record: Path) -> dict[str, Any]:
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and {"stamp", "content"} <= found.keys() else {}
