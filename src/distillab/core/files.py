"""Atomic writes: a file is whole under its name, or it is not there."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile

from distillab.core.errors import BlockedError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG,
                errno.ELOOP}  # fmt: skip


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path`` to write to; renamed on success, removed on failure.

    Raises:
        BlockedError: the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{token_hex(4)}.tmp")
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def remove_unfinished(folder: Path, name: str = "*") -> None:
    """Remove what writers that were killed left half-written in ``folder``, of the file ``name`` or of all.

    For whoever alone may write there: a living writer would lose its file.
    """
    for left in folder.glob(f".{name}.*.tmp"):
        left.unlink(missing_ok=True)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into one clear line about ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise BlockedError(
                "the disk is full",
                where=str(path),
                do="nothing was lost: free some space (`distillab prune` lists what can go) and run again",
            ) from error
        if error.errno in _NOT_ALLOWED:
            raise BlockedError(
                "cannot be written",
                where=str(path),
                expected="a folder you may write to",
                got=error.strerror or type(error).__name__,
                do="change its permissions or run from a folder of your own",
            ) from error
        raise


def require_writable(path: Path) -> None:
    """Refuse a place for a file before anything is computed for it; folders above it are made.

    Raises:
        BlockedError: it is none, is a folder, or cannot be written.
    """
    if not path.name or path.is_dir():
        raise BlockedError("is a folder", where=str(path), expected="a name for a file")
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            pass


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically."""
    with atomic(path) as temporary:
        temporary.write_bytes(data)


def _sync(path: Path) -> None:
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
