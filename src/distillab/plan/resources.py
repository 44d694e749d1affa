"""What a job asks a cluster for, from the plan's own figures."""

from collections import Counter
from math import prod
from typing import Any

from distillab.core.job import UNRECKONED, Job, Member, Plan
from distillab.core.stages import STAGES
from distillab.data import DATASETS
from distillab.plan.absent_gpu import network_memory_mb, seconds_per_image
from distillab.plan.arrays import arrays_mb
from distillab.plan.costs import ABSENT_GPU, Cost, computes_on, cost_of, device_name
from distillab.plan.image_counts import least, test_images
from distillab.plan.priorities import UNKNOWN
from distillab.plan.reckoning import READING, Reckoning
from distillab.specs.data import DataSpec

BASE_MB = 2000
"""A process with torch, a small network and its batches."""

COPIES = 3
"""Of the data set, while it is read and split."""

FILES = "files looked at"

CUDA_MB = 2500
"""What CUDA's libraries and its pinned buffers take of the host's memory, beside the process."""


def with_resources(plan: Plan) -> Plan:
    """The plan, which knows where it computes, and its jobs their passes and what they ask for on a GPU."""
    kind = computes_on(plan)
    reckoning = Reckoning(plan, {})
    jobs = [job.model_copy(update=_counted(reckoning, job) | _held(plan, job, kind)) for job in plan.jobs]
    if kind == "cuda":
        jobs = [_on_gpu(plan, job, stated=device_name(kind) == ABSENT_GPU) for job in jobs]
    return plan.model_copy(update={"jobs": tuple(jobs), "computes_on": kind})


def asked(plan: Plan, job: Job, speeds: dict[str, float]) -> dict[str, int]:
    """What a job's rule asks for: GPUs, megabytes and minutes."""
    gpu = STAGES[job.stage].computes and plan.computes_on == "cuda"
    return {"gpu": int(gpu), "mem_mb": job.memory_mb, "runtime": job.minutes(speeds)}


def _held(plan: Plan, job: Job, kind: str) -> dict[str, Any]:
    return {"memory_mb": job.memory_mb + arrays_mb(plan, job, kind)}


def _counted(reckoning: Reckoning, job: Job) -> dict[str, Any]:
    """A job's passes; of one that looks at the files of a data set, these."""
    specs = (reckoning.plan.members[name].spec for name in job.members if job.stage == "prepare")
    data = [spec["data"] for spec in specs if "data" in spec]
    streamed = [spec for each in data if (spec := DATASETS.parse(each)).streaming]
    if any(None in (spec.facts.train, spec.facts.test) for spec in streamed):
        return {"passes": {UNRECKONED: 1}}
    if streamed:
        return {"passes": {FILES: sum(map(images_of, streamed))}, "stated": {FILES: READING[True] / 2}}
    return {"passes": passes_of(reckoning, job)}


def _on_gpu(plan: Plan, job: Job, *, stated: bool) -> Job:
    if not STAGES[job.stage].computes:
        return job
    costs = [cost for name in job.members if (cost := _network(plan, plan.members[name]))]
    memory = job.memory_mb + CUDA_MB + max((network_memory_mb(cost) for cost in costs), default=0)
    speeds = {key: seconds_per_image(cost) for key, cost in _of_key(costs).items()} if stated else {}
    return job.model_copy(update={"memory_mb": memory, "stated": speeds})


def _network(plan: Plan, member: Member) -> Cost | None:
    """The cost whose network a member's work is counted in: its own, or that of the network it looks at."""
    asked_one = member.parents.get("teacher") or member.parents.get("model")
    own = "train" in member.spec or member.stage == "attack" or asked_one is None
    return cost_of(plan, member if own else plan.members[str(asked_one)])


def _of_key(costs: list[Cost]) -> dict[str, Cost]:
    return {cost.key: cost for cost in costs}


def passes_of(reckoning: Reckoning, job: Job) -> dict[str, int]:
    """What a job's trainings, attacks and certificates take, in plain training steps of an image.

    By the key under which the speed of these is known; what methods take beside them as it is stated. What computes and
    cannot be reckoned has the key `UNRECKONED`.
    """
    total, plan = Counter[str](), reckoning.plan
    for member in (plan.members[name] for name in job.members):
        cost = _network(plan, member)
        if cost is not None:
            total[cost.key] += round(reckoning.work(member).seconds / UNKNOWN)
        if STAGES[job.stage].computes and (cost is None or _tests_on_uncounted(plan, member)):
            total[UNRECKONED] += 1
    return {key: passes for key, passes in total.items() if passes}


def _tests_on_uncounted(plan: Plan, member: Member) -> bool:
    """Whether a member looks at test images of which only the files know how many there are."""
    looks = member.stage in ("measure", "sensitivity", "certify")
    return looks and least(member.spec.get("images"), test_images(plan)) is None


def memory_mb(data: DataSpec) -> int:
    """Megabytes of a job: the process, and the data set where it is kept in memory."""
    images = 0 if data.streaming else images_of(data)
    return BASE_MB + COPIES * images * prod(data.facts.shape) // 10**6


def images_of(data: DataSpec) -> int:
    """Images of a data set's files, as far as it is known how many these are."""
    return sum(count or 0 for count in (data.facts.train, data.facts.test))
