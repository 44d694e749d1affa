"""What a job asks a cluster for, from the plan's own figures."""

from collections import Counter
from math import prod

from distillab.core.job import Job, Plan
from distillab.plan.costs import cost_of
from distillab.specs.data import DataSpec

BASE_MB = 2000
"""A process with torch, a small network and its batches."""

COPIES = 3
"""Of the data set, while it is read and split."""


def passes_of(plan: Plan, job: Job) -> dict[str, int]:
    """Image passes of a job by the key under which their speed is known."""
    total: Counter[str] = Counter()
    for member_id in job.members:
        cost = cost_of(plan, plan.members[member_id])
        if cost is not None:
            total[cost.key] += cost.passes
    return dict(total)


def memory_mb(data: DataSpec) -> int:
    """Megabytes of a job: the process, and the data set where it is kept in memory."""
    images = 0 if data.streaming else sum(count or 0 for count in (data.facts.train, data.facts.test))
    return BASE_MB + COPIES * images * prod(data.facts.shape) // 10**6
