"""One master per project, one writer per artifact, and a register of the stage processes that run."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distillab.core.errors import ArtifactError, BusyError
from distillab.core.files import translated, write_text
from distillab.core.processes import Owner

RUN = "run.lock"


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file ``path``; the operating system frees it when the process dies, however it dies.

    Raises:
        BusyError: another living process holds it (unless ``wait``); names that process.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+", encoding="utf-8")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            handle.seek(0)
            raise BusyError(
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


def hold_run(folder: Path) -> None:
    """Hold the one run of the project whose hidden folder this is, until this process ends, however it ends.

    Raises:
        ArtifactError: another run goes on.
    """
    path = folder / RUN
    with translated(path):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # never closed: the lock goes with the process
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise _goes_on(folder) from error
    os.truncate(handle, 0)
    os.write(handle, Owner.this_process(folder, "snakemake").text().encode())


def refuse_beside_run(folder: Path) -> None:
    """Refuse what must not happen while the project's run goes on.

    Raises:
        ArtifactError: it does; says which process that is, and how to end it.
    """
    if held(folder / RUN):
        raise _goes_on(folder)


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
