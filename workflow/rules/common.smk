"""Parameters validated, plan loaded, outputs checked: all before any job exists."""

from distillab.core.stages import STAGES
from distillab.plan import load_plan
from distillab.plan.workflow import become_master, exit_on_error, find_own_programs
from distillab.plan.workflow import foreign_config, mention_run, refuse_untracked

find_own_programs()

with exit_on_error():
    foreign_config(config)
    PLAN = load_plan()
    refuse_untracked(PLAN)

# A cluster's jobs read this file too.
if workflow.is_main_process:
    mention_run()


# Not reached by a dry run, nor by a call that only asks or unlocks.
onstart:
    if workflow.is_main_process:
        with exit_on_error():
            become_master()


RESULTS = f"results/{PLAN.preset}"


def shapes_of(*stages):
    """The rules of some stages."""
    return [shape for stage in stages for shape in PLAN.stage(stage)]


def outputs_of(stage):
    """All files that a stage makes."""
    return [
        path
        for shape in PLAN.stage(stage)
        for job in shape.jobs
        for path in files_of(job)
    ]


def files_of(job):
    """The payloads one job makes."""
    return [PLAN.members[member].path for member in job.members]


def inputs_of(shape):
    """The files a rule's job reads.

    Rules of one stage match each other's files. Where the job is another rule's, the answer is a file that nobody
    makes: Snakemake then goes on to that rule in silence, while an exception would be printed.
    """

    def inputs(wildcards):
        if not shape.has(dict(wildcards)):
            return [f"a job in the plan (got {wildcards}; see `distillab plan`)"]
        return shape.job(dict(wildcards)).inputs

    return inputs


def digest_of(shape):
    """The hash of everything a rule's job depends on besides its inputs' bytes."""
    return lambda wildcards: shape.job(dict(wildcards)).digest


def job_of(shape):
    """The id of a rule's job, for the command line."""
    return lambda wildcards: shape.job(dict(wildcards)).id


def beside(shape, kind, suffix):
    """The log or benchmark file of a rule; it drops the wildcards that the job loops over."""
    name = "-".join(f"{{{wildcard}}}" for wildcard in shape.constraints) or "all"
    return f"{RESULTS}/{kind}/{shape.rule}/{name}{suffix}"


def threads_of(shape):
    """CPU threads of a rule's jobs."""
    return max(job.threads for job in shape.jobs)


def gpu_of(shape):
    """GPUs a job asks the cluster for; `--set-resources teach:gpu=1` asks for more where `device` is auto."""
    computes = shape.stage not in {"prepare", "collect", "report"}
    return int(computes and PLAN.params["device"] == "cuda")
