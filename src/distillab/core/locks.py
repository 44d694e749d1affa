"""One writer per artifact, and a register of the stage processes that run in this project."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from distillab.core.errors import ArtifactError
from distillab.core.files import translated, write_text


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file ``path``; the operating system frees it when the process dies, however it dies.

    Raises:
        ArtifactError: another living process holds it (unless ``wait``); names that process.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            handle.seek(0)
            raise ArtifactError(
                "is being written by another process",
                where=str(path.parent),
                got=handle.read().strip() or "an unknown process",
                do="wait for it, or end leftovers of a killed run with `distillab resume`",
            ) from error
        handle.truncate(0)
        handle.write(f"pid {os.getpid()} on {socket.gethostname()}")
        handle.flush()
        yield


def held(path: Path) -> bool:
    """Whether a living process holds the lock file ``path``."""
    try:
        handle = path.open("rb")
    except FileNotFoundError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def registered(folder: Path, job: str) -> Iterator[None]:
    """Keep a file that says which process runs ``job``, for as long as it runs."""
    path = folder / f"{socket.gethostname()}-{os.getpid()}.json"
    write_text(path, json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "job": job}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def living(folder: Path) -> list[dict[str, str | int]]:
    """The registered processes of this host that still run distillab; dead ones are struck off."""
    alive = []
    for path in sorted(folder.glob("*.json")):
        try:
            entry = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:  # its process has just ended
            continue
        if entry["host"] != socket.gethostname():
            continue
        if _runs_distillab(int(entry["pid"])):
            alive.append(entry)
        else:
            path.unlink(missing_ok=True)
    return alive


def any_running(folder: Path) -> bool:
    """Whether a stage process is registered that is not known to be dead, on this host or another."""
    living(folder)
    return any(folder.glob("*.json"))


def _runs_distillab(pid: int) -> bool:
    try:
        return any("distillab" in part for part in psutil.Process(pid).cmdline())
    except psutil.Error:
        return False
