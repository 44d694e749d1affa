"""Running one job of the plan: every member of it, each from the store or made anew."""

import logging
import resource
from importlib import import_module
from pathlib import Path

from distillab.core.job import Plan
from distillab.core.memory import keep_freed_memory
from distillab.core.stages import stage_module
from distillab.core.workspace import Workspace

log = logging.getLogger("distillab")


def run_job(plan: Plan, stage: str, job_id: str, root: Path = Path()) -> None:
    """Make every member of a job and put it at its path.

    Raises:
        SpecError: the plan has no such job.
        ArtifactError: an input is missing or damaged, or an output cannot be written.
        ContractError: a method broke its contract.
    """
    job = plan.find_job(stage, job_id)
    workspace = Workspace(root, plan)
    keep_freed_memory()
    make = import_module(stage_module(stage)).make
    start = cpu_seconds()
    with workspace.running(job):
        for number, member_id in enumerate(job.members, start=1):
            log.info("%s %s: %d of %d, %s", stage, job_id, number, len(job.members), member_id)
            workspace.produce(workspace.member(member_id), make)
    log.info("%s %s: cpu after imports: %.2f s", stage, job_id, cpu_seconds() - start)


def cpu_seconds() -> float:
    """CPU seconds of this process and its ended children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
