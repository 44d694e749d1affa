"""How long what is not made yet will take: as members alike took, else by what was timed or is stated."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from distillab.core.gpus import gpus_here
from distillab.core.job import UNRECKONED, Job, Member, Plan
from distillab.core.sidecar import sidecar_path
from distillab.core.stages import STAGES
from distillab.core.throughput import Throughput
from distillab.core.workspace import Workspace
from distillab.plan.durations import Durations
from distillab.plan.priorities import START, UNKNOWN, priorities

if TYPE_CHECKING:
    from distillab.plan.reckoning import Reckoning

TYPICAL = {"prepare": 1.0, "measure": 0.05, "sensitivity": 0.1, "collect": 0.2, "report": 4.5}
"""Seconds of a member of a stage whose passes no job counts, as on digits."""


class Forecast:
    """Seconds of members that are not made yet.

    Without a reckoning, whose networks need torch, it goes by the passes that the plan's jobs have.
    """

    def __init__(self, plan: Plan, root: Path, reckoning: "Reckoning | None" = None) -> None:
        self.plan, self.workspace, self.reckoning = plan, Workspace(root, plan), reckoning
        self.durations = Durations(self.workspace, reckoning)
        self.speeds = Throughput(root).known
        self._seconds: dict[str, float] = {}

    def made_at(self, member: Member) -> float | None:
        """When a member was finished, in seconds since the epoch; None if it is not."""
        try:
            return sidecar_path(self.workspace.entry(member).payload).stat().st_mtime
        except OSError:
            return None

    def seconds(self, member: Member) -> float:
        """As members alike took, or else as reckoned from passes, at the pace of members like it."""
        if member.id not in self._seconds:
            recorded = self.durations.seconds(member)
            self._seconds[member.id] = self._reckoned(member) if recorded is None else recorded
        return self._seconds[member.id]

    def is_recorded(self, member: Member) -> bool:
        """Whether its seconds are those of members alike, or of the same network and method."""
        return self.durations.seconds(member) is not None or self.durations.pace(member) is not None

    def of_process(self, waiting: Collection[Member]) -> float:
        """Seconds of the process that makes these members; 0 without any."""
        return START + sum(map(self.seconds, waiting)) if waiting else 0.0

    @cached_property
    def ranks(self) -> dict[tuple[str, str], int]:
        """Stage and id of every job to its priority."""
        return priorities(self.plan.jobs, self.speeds)

    def _reckoned(self, member: Member) -> float:
        if self.reckoning:
            return (self.durations.pace(member) or 1.0) * self.reckoning.of(member).seconds
        return self._shares.get(member.id, TYPICAL.get(member.stage, 0.0))

    @cached_property
    def _shares(self) -> dict[str, float]:
        return {name: self._share(job) for job in self.plan.jobs for name in job.members}

    def _share(self, job: Job) -> float:
        """A member's share of its job's passes."""
        if job.passes.keys() <= {UNRECKONED}:
            return TYPICAL.get(job.stage, 0.0)
        speeds = {**job.stated, **self.speeds}
        return sum(count * speeds.get(key, UNKNOWN) for key, count in job.passes.items()) / len(job.members)


def wall_seconds(
    jobs: Sequence[Job],
    seconds: Mapping[str, float],
    ranks: Mapping[tuple[str, str], int],
    cores: int,
    gpus: int | None = None,
) -> float:
    """Until the last of some jobs ends, if a free core always takes the job of the highest rank that can begin.

    Args:
        jobs: What is to run; what they read and nobody here makes is there already.
        seconds: Output of a job to what it takes.
        ranks: Stage and id of a job to its priority.
        cores: How many threads run at once.
        gpus: How many of the jobs that compute do; None for any number.
    """
    by_output = {job.output: job for job in jobs}
    missing = {job.output: sum(file in by_output for file in job.inputs) for job in jobs}
    readers = defaultdict[str, list[str]](list)
    for job in jobs:
        for file in job.inputs:
            readers[file].append(job.output)
    ready = defaultdict[tuple[int, int], list[tuple[int, str]]](list)
    now, free, running = 0.0, (cores, max(1, gpus or 0)), list[tuple[float, str]]()

    def takes(job: Job) -> tuple[int, int]:
        return min(job.threads, cores), int(gpus is not None and STAGES[job.stage].computes)

    def enter(job: Job) -> None:
        heapq.heappush(ready[takes(job)], (-ranks[job.stage, job.id], job.output))

    for job in jobs:
        if not missing[job.output]:
            enter(job)
    while running or any(ready.values()):
        while fitting := [queue for (threads, gpu), queue in ready.items()
                          if queue and threads <= free[0] and gpu <= free[1]]:  # fmt: skip
            _, output = heapq.heappop(min(fitting))
            threads, gpu = takes(by_output[output])
            free = free[0] - threads, free[1] - gpu
            heapq.heappush(running, (now + seconds[output], output))
        now, ended = heapq.heappop(running)
        threads, gpu = takes(by_output[ended])
        free = free[0] + threads, free[1] + gpu
        for output in readers[ended]:
            missing[output] -= 1
            if not missing[output]:
                enter(by_output[output])
    return now


def gpus_of(plan: Plan) -> int | None:
    """How many GPUs of this machine a plan's jobs take turns on; None where they take none of them."""
    return len(gpus_here()) or None if plan.computes_on == "cuda" else None
