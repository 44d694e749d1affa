"""What a killed master left with Slurm, and a controller that does not answer."""

import logging
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

from distillab.core.slurm_plugin import PLUGIN

RUN_ID = re.compile(r"(?:[\w-]+_)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What Snakemake's plugin calls all jobs of one run."""

ANSWER_SECONDS = 10.0
"""A controller that has not answered by then is taken for silent."""

LONG_START = 5.0
"""Seconds after which a start of Snakemake was held up by something."""

GONE_SECONDS = 90.0
"""Slurm asks a job to end, and kills it half a minute later."""

log = logging.getLogger("distillab")


def end_queued(folder: Path) -> None:
    """Cancel the jobs that a dead master of this project left in the queue, and wait until none of them can write.

    They are those of this user that were sent from this folder under a run's name. A queue that cannot be asked is
    told of in one line.
    """
    ids = queued(folder)
    if not ids:
        return
    log.info("ending jobs of a killed run in Slurm's queue: %s", ", ".join(ids))
    _answer(["scancel", *ids])
    end = time.monotonic() + GONE_SECONDS
    while queued(folder) and time.monotonic() < end:
        time.sleep(1.0)


def queued(folder: Path) -> list[str]:
    """Ids of a dead master's jobs that wait or run; none where there is no Slurm, or where it does not answer."""
    if shutil.which("squeue") is None:
        return []
    text = _answer(["squeue", "--me", "--noheader", "--format=%i|%j|%Z"])
    if text is None:
        log.warning("Slurm's queue does not answer: jobs that a killed run left there may still write")
        return []
    rows = [line.split("|", maxsplit=2) for line in text.splitlines() if line.count("|") >= 2]
    here = folder.resolve()
    return [job for job, name, place in rows if RUN_ID.fullmatch(name) and Path(place).resolve() == here]


def tell_of_silence() -> None:
    """Say in one line why a start took so long, where it was Slurm's controller, which Snakemake's plugin asks."""
    started = time.time() - psutil.Process().create_time()
    if started < LONG_START or PLUGIN not in sys.modules or shutil.which("scontrol") is None:
        return
    if _answer(["scontrol", "show", "config"], seconds=1.0) is None:
        log.warning(
            "distillab: Slurm's controller does not answer, for which Snakemake waits up to 10 s at each start; "
            "where there is no cluster, `pip uninstall snakemake-executor-plugin-slurm`"
        )


def _answer(command: list[str], seconds: float = ANSWER_SECONDS) -> str | None:
    """What a program of Slurm's says; None if it fails, or says nothing in time."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout
