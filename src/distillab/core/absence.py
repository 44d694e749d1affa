"""Which members of a plan are not there, and why: from their files, and from the failures that jobs wrote down."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distillab.core.errors import ArtifactError
from distillab.core.files import write_text
from distillab.core.job import Job, Member, Plan
from distillab.core.sidecar import sidecar_path
from distillab.core.workspace import HIDDEN, Workspace

FAILURES = HIDDEN / "failures"
"""The project's folder for what failed, one file per job."""

NOT_MADE = "not made"

LONGEST = 300
"""Characters of a reason that are kept."""

log = logging.getLogger("distillab")


def absent(workspace: Workspace) -> dict[str, str]:
    """Id to reason of every member with a path that is not there, or not as the plan and its parents are now.

    The reason is the recorded failure; else the first ancestor that is not there; else what is wrong with the files.
    """
    faults = {
        member.id: fault
        for member in workspace.plan.members.values()
        if member.path and (fault := _fault(workspace, member))
    }
    failures = read_failures(workspace.root, workspace.plan)
    return {name: failures.get(name) or _blocked(workspace, name, faults) or fault for name, fault in faults.items()}


def write_failures(root: Path, preset: str, job: Job, reasons: Mapping[str, str]) -> None:
    """Write down why members of a job failed, in place of what its last run wrote."""
    said = {name: one_line(reason) for name, reason in reasons.items()}
    write_text(_record_of(root, preset, job), json.dumps(said, indent=1, sort_keys=True) + "\n")


def clear_failures(root: Path, preset: str, job: Job) -> None:
    """Forget the failures of a job."""
    _record_of(root, preset, job).unlink(missing_ok=True)


def read_failures(root: Path, plan: Plan) -> dict[str, str]:
    """Member id to reason, over all jobs of a plan; a record that is not one is passed over with a warning.

    What failed under other parameters or code, or in a job of other members, says nothing of these.
    """
    found: dict[str, str] = {}
    for path in (_record_of(root, plan.preset, job) for job in plan.jobs):
        if not path.exists():
            continue
        content = _parsed(path)
        if isinstance(content, dict) and all(isinstance(reason, str) for reason in content.values()):
            found |= {name: one_line(reason) for name, reason in content.items()}
        else:
            log.warning("%s: passed over: not a record of failures", path)
    return found


def _fault(workspace: Workspace, member: Member) -> str:
    """What is wrong with a member's files; empty where nothing is."""
    payload = workspace.path(member)
    if not (payload.is_file() and sidecar_path(payload).is_file()):
        return NOT_MADE
    try:
        workspace.sidecar(member.id)
    except ArtifactError as error:
        return error.fault
    return ""


def _blocked(workspace: Workspace, name: str, faults: Mapping[str, str]) -> str:
    """That an ancestor has to be made first, the one with nothing before it that has; empty where none has."""
    first = _first_absent(workspace, name, faults)
    return f"{NOT_MADE}: {first} is missing" if first else ""


def _first_absent(workspace: Workspace, name: str, faults: Mapping[str, str]) -> str:
    for _, parent in workspace.lineage.parents(workspace.member(name)):
        if parent.id in faults:
            return _first_absent(workspace, parent.id, faults) or parent.id
    return ""


def _record_of(root: Path, preset: str, job: Job) -> Path:
    """Named after all that the job makes: an id may be longer than a file's name."""
    return root / FAILURES / preset / job.stage / f"{job.digest}.json"


def _parsed(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    """The file's content; None where it is no JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def one_line(reason: str) -> str:
    """Printable characters alone, not too many: a record or a log may hold anything."""
    line = " ".join("".join(each if each.isprintable() else " " for each in reason).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
