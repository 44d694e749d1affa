"""One master per project, one writer per artifact, and a register of the stage processes that run."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from distillab.core.errors import ArtifactError, BlockedError, BusyError
from distillab.core.files import translated, write_text
from distillab.core.processes import Owner

RUN = "run.lock"

MOMENT, MOMENTS = 0.02, 10
"""Seconds between tries for a lock, and how many: who merely looks whether it is held has it that briefly."""

_HELD: set[FileIO] = set()
"""Handles of the locks that this process holds or waits for."""


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file ``path``; the operating system frees it when the process dies, however it dies.

    Raises:
        BusyError: another living process holds it (unless ``wait``); names that process.
        BlockedError: it cannot be written, or its file system has no locks.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _opened(path)
    with handle, _of_this_process(handle):
        if not _locked(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), tries=MOMENTS):
            handle.seek(0)
            raise BusyError(
                "is being written by another process",
                where=str(path.parent),
                got=handle.read().decode(errors="replace").strip() or "an unknown process",
                do="wait for it, or end leftovers of a killed run with `distillab resume`",
            )
        handle.truncate(0)
        handle.write(f"pid {os.getpid()} on {socket.gethostname()}".encode())
        yield


def hold(path: Path, *, tries: int = 1) -> FileIO | None:
    """Hold the lock file ``path`` until this process ends, however it ends; None where another process holds it."""
    handle = _opened(path)
    if not _locked(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, tries=tries):
        handle.close()
        return None
    _HELD.add(handle)
    return handle


def _opened(path: Path) -> FileIO:
    """A lock file without a buffer, which a child could write once more."""
    return path.open("a+b", buffering=0)


def _locked(handle: FileIO, how: int, *, tries: int = 1) -> bool:
    """Whether a lock was got, at one of so many tries.

    Raises:
        BlockedError: the file system has no locks.
    """
    for left in reversed(range(tries)):
        try:
            fcntl.flock(handle, how)
        except BlockingIOError:
            if left:
                time.sleep(MOMENT)
        except OSError as error:
            raise BlockedError(
                "cannot be locked",
                where=str(handle.name),
                expected="a file system with locks (flock)",
                got=error.strerror or type(error).__name__,
                do="have it mounted with them (Lustre: -o flock), or keep the project on another one",
            ) from error
        else:
            return True
    return False


@contextmanager
def _of_this_process(handle: FileIO) -> Iterator[None]:
    """Keep what locks through ``handle`` from outliving this process in a child that it forks."""
    _HELD.add(handle)
    try:
        yield
    finally:
        _HELD.discard(handle)


def _close_in_child() -> None:
    """A lock is free once all that share its handle have closed it: readers of images outlive a killed writer."""
    for handle in _HELD:
        handle.close()
    _HELD.clear()


os.register_at_fork(after_in_child=_close_in_child)


def held(path: Path) -> bool:
    """Whether a living process holds the lock file ``path``."""
    try:
        handle = path.open("rb", buffering=0)
    except FileNotFoundError:
        return False
    with handle:
        # Shared: two who look are not in each other's way, and NFS locks no file alone that is open for reading.
        return not _locked(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)


def hold_run(folder: Path) -> None:
    """Hold the one run of the project whose hidden folder this is, until this process ends, however it ends.

    Who holds it already goes on holding it.

    Raises:
        ArtifactError: another run goes on.
    """
    path = folder / RUN
    if _holds(path):
        return
    with translated(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle = hold(path, tries=MOMENTS)
    if handle is None:
        raise _goes_on(folder)
    handle.truncate(0)
    handle.write(Owner.this_process(folder, "snakemake").text().encode())


def refuse_beside_run(folder: Path) -> None:
    """Refuse what must not happen while another process runs the project.

    Raises:
        ArtifactError: one does; says which process that is, and how to end it.
    """
    if held(folder / RUN) and not _holds(folder / RUN):
        raise _goes_on(folder)


def _holds(path: Path) -> bool:
    """Whether this very process holds the lock file ``path``."""
    return path.exists() and any(os.path.samestat(os.fstat(handle.fileno()), path.stat()) for handle in _HELD)


def _goes_on(folder: Path) -> ArtifactError:
    master = Owner.read((folder / RUN).read_text(encoding="utf-8"), folder)
    where = f"with `kill {master.pid}`" if master and master.here() else "on its own machine"
    return ArtifactError(
        "a run goes on in this project",
        got=str(master or "an unknown process"),
        do=f"wait for it, or end it first {where}; nothing that it finished is lost",
    )


@contextmanager
def registered(folder: Path, job: str) -> Iterator[None]:
    """Keep a file that says which process runs ``job``, for as long as it runs."""
    path = folder / f"{socket.gethostname()}-{os.getpid()}.json"
    write_text(path, Owner.this_process(folder, job).text())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def living(folder: Path) -> list[Owner]:
    """The registered processes that are not known to have ended: those of this host that live, and all of others.

    What names nobody, or a process whose number is another's by now, is struck off.
    """
    alive = []
    for path in sorted(folder.glob("*.json")):
        try:
            owner = Owner.read(path.read_text(encoding="utf-8"), folder)
        except FileNotFoundError:  # its process has just ended
            continue
        if owner and (not owner.here() or owner.process()):
            alive.append(owner)
        else:
            path.unlink(missing_ok=True)
    return alive
