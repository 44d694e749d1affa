"""Parameters validated, plan loaded, receipts checked: all before any job exists."""

from datetime import datetime

from snakemake.exceptions import WorkflowError

from distillab.core.gpus import gpus_here
from distillab.core.signals import ending
from distillab.core.throughput import Throughput
from distillab.plan import load_plan
from distillab.plan.outcome import render, summary
from distillab.plan.priorities import priorities
from distillab.plan.progress import note_asked
from distillab.plan.workflow import become_master, exit_on_error, find_own_programs
from distillab.plan.workflow import foreign_config, look_first
from distillab.plan.workflow import tell_of_unseen_gpus
from distillab.reporting.outdated import mark_outdated

find_own_programs()

with exit_on_error():
    foreign_config(config)
    PLAN = load_plan()
    # A cluster's jobs read this file too.
    if workflow.is_main_process:
        look_first(PLAN)
        tell_of_unseen_gpus(PLAN)


RESULTS = f"results/{PLAN.preset}"
JOBS = {(job.stage, job.id): job for job in PLAN.jobs}
SPEEDS = Throughput(Path()).known
PRIORITIES = priorities(PLAN.jobs, SPEEDS)

# With `device: auto`, GPUs are asked for where torch sees any: so do the jobs.
GPUS = gpus_here()
GPU = int(PLAN.computes_on == "cuda")

# One job per GPU at a time, unless `--resources gpu=N` says otherwise.
if GPU and workflow.local_exec and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", max(1, len(GPUS)))


# Not reached by a dry run, nor by a call that only asks or unlocks.
onstart:
    if workflow.is_main_process:
        with exit_on_error():
            become_master()
            note_asked(
                [
                    str(job.output[0])
                    for job in workflow.dag.needrun_jobs()
                    if job.output
                ],
                workflow.cores if workflow.local_exec else workflow.nodes,
                gpus=gpus_at_a_time() if GPU and workflow.local_exec else None,
            )
        for job in workflow.dag.needrun_jobs():
            if job.rule.name == "report":
                mark_outdated(Path(job.output[0]), datetime.now())


# Some members failed, and everything else was made.
onsuccess:
    if workflow.is_main_process and (missing := summary(PLAN, outputs_asked())):
        raise WorkflowError(missing)


# Jobs failed, and what stands on them was not run: the pages are made of what is there.
onerror:
    if workflow.is_main_process and not ending():
        print(summary(PLAN, outputs_asked()), file=sys.stderr)
        render(
            job.wildcards.job
            for job in workflow.dag.jobs
            if job.rule.name == "report"
        )


def gpus_at_a_time():
    """How many jobs that ask for a GPU run at once; Snakemake may wrap the number."""
    given = workflow.global_resources["gpu"]
    return int(getattr(given, "value", given))


def outputs_asked():
    """The outputs of all jobs that this call is about."""
    return {str(file) for job in workflow.dag.jobs for file in job.output}


def inputs_of(stage):
    """The receipts and pages a job reads.

    Where there is no such job, the answer is a file that nobody makes: Snakemake then says so, while an exception would
    be printed for every rule that it tries.
    """

    def inputs(wildcards):
        job = JOBS.get((stage, wildcards.job))
        return (
            job.inputs
            if job
            else f"a job in the plan (got {stage} {wildcards.job}; see `distillab {stage}`)"
        )

    return inputs


def digest_of(stage):
    """The hash of everything a job depends on besides its inputs' bytes."""
    return lambda wildcards: JOBS[stage, wildcards.job].digest


def threads_of(stage):
    """CPU threads of a job."""
    return lambda wildcards: JOBS[stage, wildcards.job].threads


def priority_of(stage):
    """The larger, the more seconds of work hang on a job."""
    return lambda wildcards: PRIORITIES[stage, wildcards.job]


def memory_of(stage):
    """Megabytes that a job asks a cluster for: the plan's, and as many again with each retry."""
    return lambda wildcards, attempt: attempt * JOBS[stage, wildcards.job].memory_mb


def minutes_of(stage):
    """Minutes that a job asks a cluster for: the plan's, and as many again with each retry."""
    return lambda wildcards, attempt: attempt * JOBS[stage, wildcards.job].minutes(
        SPEEDS
    )
