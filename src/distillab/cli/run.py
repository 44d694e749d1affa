"""Running one job of the plan: every member of it, each from the store or made anew."""

import logging
from importlib import import_module
from pathlib import Path

from distillab.core.job import Plan
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
    make = import_module(stage_module(stage)).make
    with workspace.running(job):
        for number, member_id in enumerate(job.members, start=1):
            log.info("%s %s: %d of %d, %s", stage, job_id, number, len(job.members), member_id)
            workspace.produce(workspace.member(member_id), make)
