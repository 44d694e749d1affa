"""After a killed master: its stage processes may still be writing, and its lock is still there."""

import logging
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import psutil

from distillab.core.locks import hold_run, living
from distillab.core.signals import PATIENCE
from distillab.core.slurm import end_queued
from distillab.core.workspace import HIDDEN

LOCKS = Path(".snakemake/locks")
"""Where snakemake says what a run of it reads and writes."""

log = logging.getLogger("distillab")


def resume(arguments: list[str]) -> NoReturn:
    """End leftovers, remove snakemake's lock, and go on as snakemake with ``arguments``.

    Leftovers are stage processes on this machine, and jobs of the killed run in Slurm's queue.
    Nothing is lost: finished members are in the store and unfinished ones resume from their checkpoints. Of two at a
    time one is refused, so that neither ends what the other has begun.

    Raises:
        ArtifactError: the run still goes on.
        SystemExit: snakemake has ended, with its exit code.
    """
    hold_run(HIDDEN)
    end_queued(Path())
    end_leftovers(HIDDEN / "running")
    if any(LOCKS.glob("*")):
        unlock()
    from snakemake.cli import main as snakemake

    # Not a child: whoever signals this process, alone or with its group, reaches the master.
    logging.getLogger().handlers.clear()  # it has its own
    sys.exit(snakemake(arguments))


def unlock() -> None:
    """Remove the lock of a snakemake that did not live to remove it."""
    command = [sys.executable, "-m", "snakemake", "--unlock"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"distillab: snakemake --unlock failed: {done.stderr.strip()}")


def end_leftovers(register: Path) -> None:
    """Ask every registered stage process of this machine to end, and make it end if it does not."""
    processes = []
    for owner in living(register):
        process = owner.process() if owner.here() else None
        if process:
            log.info("ending a leftover process: %s", owner)
            with suppress(psutil.NoSuchProcess):
                process.terminate()
            processes.append(process)
        elif not owner.here():
            log.warning("%s may still run: if it does, end it there; if not, remove it from %s", owner, register)
    _gone, stubborn = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=PATIENCE)
    living(register)  # strikes the ended ones off the register
