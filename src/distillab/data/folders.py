"""The files below a folder, each once and none vanishing: links are followed, circles and special files are named."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from distillab.data.entries import FileEntry, Needed, read_entry
from distillab.data.reasons import AGAIN, BROKEN_LINK, DEVICE, UNREADABLE, Reason


def folder_entries(folder: Path, needed: Needed) -> Iterator[FileEntry]:
    """The files below ``folder``, sorted folder by folder."""
    for i, (name, trouble) in enumerate(_names(folder)):
        yield folder_entry(folder, name) if trouble is None and needed(i, name) else FileEntry(name, trouble=trouble)


def folder_entry(folder: Path, name: str) -> FileEntry:
    """The regular file of that name below ``folder``, with its content."""
    try:
        with (folder / name).open("rb") as stream:
            return read_entry(name, stream)
    except OSError:
        return FileEntry(name, trouble=UNREADABLE)


def _names(folder: Path) -> Iterator[tuple[str, Reason | None]]:
    """Names, with the reason where one cannot be read.

    A folder that is reached a second time, by way of a link, is named and not entered; neither is one above ``folder``.
    """
    whole = folder.resolve()
    entered = {_identity(above.stat()) for above in (whole, *whole.parents)}
    waiting = _children(folder, "")
    while waiting:
        name, entry = waiting.pop()
        trouble = UNREADABLE if entry is None else _trouble(entry)
        if entry is None or trouble is not None or not entry.is_dir():
            yield name, trouble
        elif (identity := _identity(entry.stat())) in entered:
            yield name, AGAIN
        else:
            entered.add(identity)
            waiting += _children(folder, name)


def _children(folder: Path, name: str) -> list[tuple[str, os.DirEntry[str] | None]]:
    """What is in a folder, the last name first; None stands for a folder that cannot be listed."""
    try:
        with os.scandir(folder / name) as found:
            entries = sorted(found, key=lambda entry: entry.name, reverse=True)
    except OSError:
        return [(name, None)]
    return [(f"{name}/{entry.name}" if name else entry.name, entry) for entry in entries]


def _trouble(entry: os.DirEntry[str]) -> Reason | None:
    """Why something cannot be read, seen without opening it; None of a folder and of a regular file."""
    try:
        if entry.is_dir() or entry.is_file():
            return None
        mode = entry.stat().st_mode
    except OSError:
        return BROKEN_LINK if entry.is_symlink() else UNREADABLE
    return UNREADABLE if stat.S_ISREG(mode) else DEVICE


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
