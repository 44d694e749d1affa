"""Which jobs go first: those from which the longest way leads to a page."""

from collections.abc import Mapping, Sequence
from functools import cache

from distillab.core.job import Job

START = 3.0
"""Seconds until a process has imported what it works with."""

UNKNOWN = 3e-4
"""Seconds of an image pass where nobody has measured the network: of a small one on a core."""


def priorities(jobs: Sequence[Job], seconds_per_image: Mapping[str, float]) -> dict[tuple[str, str], int]:
    """By stage and id, the rank from 1 of the seconds from a job's start to the end of the last job that waits for it.

    A core that is free takes the job that the most work hangs on, one after the other; without it, a long job that is
    begun last keeps one core busy and the others idle. (Longest path first; within a factor of two of the best
    schedule: Graham 1969.)
    """
    waiting: dict[str, list[Job]] = {}
    for job in jobs:
        for file in job.inputs:
            waiting.setdefault(file, []).append(job)

    @cache
    def way(output: str) -> float:
        return seconds[output] + max((way(job.output) for job in waiting.get(output, ())), default=0.0)

    seconds = {job.output: _seconds(job, seconds_per_image) for job in jobs}
    ranks = {length: rank for rank, length in enumerate(sorted({way(job.output) for job in jobs}), start=1)}
    return {(job.stage, job.id): ranks[way(job.output)] for job in jobs}


def _seconds(job: Job, seconds_per_image: Mapping[str, float]) -> float:
    speeds = {**job.stated, **seconds_per_image}
    return START + sum(passes * speeds.get(key, UNKNOWN) for key, passes in job.passes.items())
