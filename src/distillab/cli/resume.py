"""After a killed master: its stage processes may still be writing, and its lock is still there."""

import logging
import subprocess
from pathlib import Path

import psutil

from distillab.core.locks import living
from distillab.core.workspace import HIDDEN

PATIENCE = 10
"""Seconds a leftover process gets to end by itself after it was asked to."""

log = logging.getLogger("distillab")


def resume(root: Path, arguments: list[str], python: str) -> int:
    """End leftover stage processes, remove snakemake's lock, run snakemake with ``arguments``; its exit code.

    Nothing is lost: finished members are in the store and unfinished ones resume from their checkpoints.
    """
    end_leftovers(root)
    snakemake = [python, "-m", "snakemake"]
    unlock = subprocess.run([*snakemake, "--unlock"], cwd=root, capture_output=True, text=True, check=False)
    if unlock.returncode:
        log.error("snakemake --unlock failed: %s", unlock.stderr.strip())
        return unlock.returncode
    return subprocess.run([*snakemake, *arguments], cwd=root, check=False).returncode


def end_leftovers(root: Path) -> None:
    """Ask every registered stage process of this machine to end, and make it end if it does not."""
    processes = []
    for entry in living(root / HIDDEN / "running"):
        log.info("ending leftover process %s (%s)", entry["pid"], entry["job"])
        process = psutil.Process(int(entry["pid"]))
        process.terminate()
        processes.append(process)
    _gone, stubborn = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=PATIENCE)
    living(root / HIDDEN / "running")  # strikes the ended ones off the register
