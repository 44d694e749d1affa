"""One file of a folder or an archive, read with a limit."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from distillab.data.reasons import LARGE, Reason

FILE_LIMIT = 1 << 28
"""Bytes of one file once unpacked; a larger one is no image of a data set."""

Needed = Callable[[int, str], bool]
"""Whether the content of a file is needed, by its position in the walk and its name."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file: its name with ``/`` between folders, its content where it was needed, or why it cannot be read."""

    name: str
    content: bytes = b""
    trouble: Reason | None = None


def read_entry(name: str, stream: IO[bytes]) -> FileEntry:
    """The file with what ``stream`` holds, at most ``FILE_LIMIT`` bytes."""
    content = stream.read(FILE_LIMIT + 1)
    return FileEntry(name, trouble=LARGE) if len(content) > FILE_LIMIT else FileEntry(name, content)


def leaves_folder(name: str) -> bool:
    """Whether the name of an archive's member is absolute or climbs with ``..``."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or name[1:3] in {":/", ":\\"}
