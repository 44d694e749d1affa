"""Running one job of the plan: every member, from the store or made anew; one that fails costs itself alone."""

import logging
import resource
from importlib import import_module
from pathlib import Path

from distillab.core.absence import clear_failures, write_failures
from distillab.core.errors import ArtifactError, BlockedError, DistillabError
from distillab.core.job import Job, Member, Plan
from distillab.core.memory import keep_freed_memory, let_go
from distillab.core.receipts import Receipt, write_receipt
from distillab.core.stages import stage_module
from distillab.core.workspace import Make, Workspace

log = logging.getLogger("distillab")


def run_job(
    plan: Plan, stage: str, job_id: str, root: Path = Path(), *, digest: str | None = None, receipt: bool = True
) -> None:
    """Make every member of a job that can be made, put it at its path, and write the job's receipt.

    A member that fails is named in the receipt with the reason. Where nothing was made there is no receipt, nor where
    ``receipt`` is false: Snakemake then makes the job again.

    Raises:
        SpecError: the plan has no such job.
        ArtifactError: the job is not the one of ``digest``, which the run that goes on has planned.
        BlockedError: another process makes one of its members, or nothing can be written.
        Exception: no member could be made; the first one's error.
    """
    _refuse_another(plan, stage, job_id, digest)
    job = plan.find_job(stage, job_id)
    workspace = Workspace(root, plan)
    keep_freed_memory()
    clear_failures(root, plan.preset, job)  # a job that is killed now did not fail as it did before
    start = cpu_seconds()
    with workspace.running(job):
        made, errors = make_members(job, workspace, import_module(stage_module(stage)).make)
    log.info("%s %s: cpu after imports: %.2f s", stage, job_id, cpu_seconds() - start)
    missing = {member_id: reason_of(error) for member_id, error in errors.items()}
    if missing:
        write_failures(root, plan.preset, job, missing)
    if errors and not made:
        if job.writes_receipt:
            (root / job.output).unlink(missing_ok=True)  # of an earlier time
        raise next(iter(errors.values()))
    if receipt and job.writes_receipt:
        write_receipt(root / job.output, Receipt(digest=job.digest, made=made, missing=missing))


def _refuse_another(plan: Plan, stage: str, job_id: str, digest: str | None) -> None:
    """Parameters that change while a run goes on would have its later jobs made of others than its first ones."""
    now = {job.id: job.digest for job in plan.stage(stage)}.get(job_id)
    if digest not in (None, now):
        raise ArtifactError(
            "the parameters or the code have changed since this run began",
            where=f"{stage} {job_id}",
            expected=f"hash {digest}",
            got=now or "no such job",
            do="run snakemake again once this run has ended: nothing that is made is lost",
        )


def run_stage(plan: Plan, stage: str, root: Path = Path()) -> None:
    """Run every job of a stage, one after the other.

    Raises:
        Exception: of the first job that made nothing, after the others.
    """
    errors: list[Exception] = []
    for job in plan.stage(stage):
        try:
            run_job(plan, stage, job.id, root)
        except Exception as error:  # one job costs no other
            errors.append(error)
    if errors:
        raise errors[0]


def make_members(job: Job, workspace: Workspace, make: Make) -> tuple[dict[str, str], dict[str, Exception]]:
    """The payload hash of every member that was made, and the error of every other one, by member id."""
    made: dict[str, str] = {}
    errors: dict[str, Exception] = {}
    for number, member_id in enumerate(job.members, start=1):
        log.info("%s %s: %d of %d, %s", job.stage, job.id, number, len(job.members), member_id)
        try:
            made[member_id] = _made(workspace.member(member_id), workspace, make)
        except BlockedError:  # it would be no other with the next member
            raise
        except DistillabError as error:
            errors[member_id] = error
            log.warning("%s: failed: %s", member_id, error)
        except Exception as error:  # whatever a method raises, the other members can be made
            errors[member_id] = error
            log.exception("%s: failed", member_id)
        if member_id in errors:
            let_go(errors[member_id])
    return made, errors


def reason_of(error: Exception) -> str:
    """One line for people."""
    text = str(error) if isinstance(error, DistillabError) else f"{type(error).__name__}: {error}".removesuffix(": ")
    return " ".join(text.split())


def _made(member: Member, workspace: Workspace, make: Make) -> str:
    for parent in () if member.incomplete else workspace.lineage.absent(member):
        raise ArtifactError("not made", where=member.id, got=f"no {parent.id}, which it is made from")
    workspace.produce(member, make)
    return workspace.sidecar(member.id).payload.blake2b


def cpu_seconds() -> float:
    """CPU seconds of this process and its ended children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
