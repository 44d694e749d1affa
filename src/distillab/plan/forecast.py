"""How long what is not made yet will take: as members alike took, else by what was timed or is stated."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from distillab.core.job import UNRECKONED, Job, Member, Plan
from distillab.core.sidecar import sidecar_path
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
    jobs: Sequence[Job], seconds: Mapping[str, float], ranks: Mapping[tuple[str, str], int], cores: int
) -> float:
    """Until the last of some jobs ends, if a free core always takes the job of the highest rank that can begin.

    Args:
        jobs: What is to run; what they read and nobody here makes is there already.
        seconds: Output of a job to what it takes.
        ranks: Stage and id of a job to its priority.
        cores: How many threads run at once.
    """
    by_output = {job.output: job for job in jobs}
    missing = {job.output: sum(file in by_output for file in job.inputs) for job in jobs}
    readers = defaultdict[str, list[str]](list)
    for job in jobs:
        for file in job.inputs:
            readers[file].append(job.output)
    ready = [(-ranks[job.stage, job.id], job.output) for job in jobs if not missing[job.output]]
    heapq.heapify(ready)
    now, free, running = 0.0, cores, list[tuple[float, str, int]]()
    while ready or running:
        wide = list[tuple[int, str]]()
        while ready and free:
            rank, output = heapq.heappop(ready)
            threads = min(by_output[output].threads, cores)
            if threads > free:
                wide.append((rank, output))
                continue
            free -= threads
            heapq.heappush(running, (now + seconds[output], output, threads))
        now, ended, threads = heapq.heappop(running)
        free += threads
        for output in readers[ended]:
            missing[output] -= 1
            if not missing[output]:
                heapq.heappush(ready, (-ranks[by_output[output].stage, by_output[output].id], output))
        for entry in wide:
            heapq.heappush(ready, entry)
    return now
