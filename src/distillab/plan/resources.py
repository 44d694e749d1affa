"""What a job asks a cluster for, from the plan's own figures."""

from collections import Counter
from math import prod

from distillab.core.job import Job, Plan
from distillab.plan.costs import cost_of
from distillab.plan.priorities import UNKNOWN
from distillab.plan.reckoning import Reckoning
from distillab.specs.data import DataSpec

BASE_MB = 2000
"""A process with torch, a small network and its batches."""

COPIES = 3
"""Of the data set, while it is read and split."""


def passes_of(plan: Plan, job: Job) -> dict[str, int]:
    """What a job's trainings, attacks and certificates take, in plain training steps of an image.

    By the key under which the speed of these is known; what methods take beside them as it is stated.
    """
    total, reckoning = Counter[str](), Reckoning(plan, {})
    for member in (plan.members[name] for name in job.members):
        model = plan.members[member.parents["model"]] if member.stage == "certify" else member
        cost = cost_of(plan, model)
        if cost is not None:
            total[cost.key] += round(reckoning.work(member).seconds / UNKNOWN)
    return {key: passes for key, passes in total.items() if passes}


def memory_mb(data: DataSpec) -> int:
    """Megabytes of a job: the process, and the data set where it is kept in memory."""
    images = 0 if data.streaming else sum(count or 0 for count in (data.facts.train, data.facts.test))
    return BASE_MB + COPIES * images * prod(data.facts.shape) // 10**6
