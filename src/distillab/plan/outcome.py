"""How a run ended: which cells are missing and why, in a few lines, and the pages that show it."""

import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from distillab.core.absence import read_failures, write_failures
from distillab.core.errors import ArtifactError
from distillab.core.job import Job, Member, Plan
from distillab.core.locks import RUN
from distillab.core.receipts import read_receipt
from distillab.core.sidecar import read_sidecar
from distillab.core.workspace import HIDDEN

SHOWN = 10
"""Missing members that are told one by one."""

REFUSED = "distillab: "
"""How the line begins that tells of an error, and ends a log."""

ENDED = f"{REFUSED}ended by "
"""How it begins where somebody ended the job."""


def summary(plan: Plan, outputs: Collection[str], root: Path = Path()) -> str:
    """What of the jobs with these outputs is missing, why, and the command that makes just that; empty if all is there.

    A job that ended without a word has its reason written down here, for the pages.
    """
    asked = [job for job in plan.jobs if job.output in outputs]
    known = read_failures(root, plan)
    lines = [line for job in asked for line in _lines(plan, job, root, known)]
    if not lines:
        return ""
    total = sum(len(job.members) for job in asked)
    head = f"distillab: {len(lines)} of {total} payloads could not be made"
    more = [f"  and {len(lines) - SHOWN} more; the pages name them all"] if len(lines) > SHOWN else []
    return "\n".join([head, *lines[:SHOWN], *more, "The same command makes just these: what was made stays."])


def render(pages: Iterable[str], root: Path = Path()) -> None:
    """Make the tables and these pages of what is there; what goes wrong is told and stops nothing."""
    wanted = sorted(pages)
    if wanted:
        program = Path(sys.executable).parent / "distillab"
        subprocess.run([program, "pages", "--in-run", *wanted], cwd=root, check=False)


def _lines(plan: Plan, job: Job, root: Path, known: Mapping[str, str]) -> Iterator[str]:
    receipt = read_receipt(root / job.output) if job.writes_receipt else None
    if receipt is None and (root / job.output).exists():
        return
    missing = receipt.missing if receipt else _unmade(plan, job, root, known)
    for member_id, reason in missing.items():
        yield f"  {job.stage} {job.id}: {member_id}: {reason}"


def _unmade(plan: Plan, job: Job, root: Path, known: Mapping[str, str]) -> dict[str, str]:
    """The members of a job without a receipt that have not reached their places, and why."""
    waiting = [name for name in job.members if not _is_there(plan.members[name], root)] or [job.members[0]]
    log = root / "results" / plan.preset / "logs" / job.stage / f"{job.id}.log"
    if not _ran(log, root):
        return {member: known.get(member, "its job did not run") for member in waiting}
    reason = _last_word((log.read_text(encoding="utf-8", errors="replace").splitlines() or ["nothing"])[-1])
    reasons = {member: known.get(member, reason) for member in waiting}
    write_failures(root, plan.preset, job, reasons)
    return reasons


def _last_word(line: str) -> str:
    """Why a job ended, by the last line of its log: as it says itself where it refused to begin."""
    if line.startswith(REFUSED) and not line.startswith(ENDED):
        return line.removeprefix(REFUSED)
    return f"its job was killed, or ran out of memory or time; the last line of its log: {line}"


def _is_there(member: Member, root: Path) -> bool:
    """Whether a member is at its place, and not what other parameters left there."""
    try:
        return read_sidecar(root / member.path).key == member.key
    except ArtifactError:
        return False


def _ran(log: Path, root: Path) -> bool:
    """Whether a log was written by the run that goes on."""
    lock = root / HIDDEN / RUN
    return log.exists() and lock.exists() and log.stat().st_mtime >= lock.stat().st_mtime
