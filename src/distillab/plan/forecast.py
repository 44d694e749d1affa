"""How long what is not made yet will take: by what was recorded of members alike, else by passes and stated seconds."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from distillab.core.job import Job, Member, Plan
from distillab.core.sidecar import sidecar_path
from distillab.core.throughput import Throughput
from distillab.core.workspace import Workspace
from distillab.plan.durations import Durations
from distillab.plan.priorities import START, UNKNOWN, priorities

BESIDE_PASSES = {"teach": 1.6, "baseline": 2.4, "knockoff": 3.0, "distill": 2.4, "attack": 1.8}
"""Seconds of a stage per second of bare forward and backward passes, as on digits: CPU seconds, one core of 2026."""

TYPICAL = {"prepare": 1.0, "measure": 0.05, "sensitivity": 0.1, "certify": 1.1, "collect": 0.4, "report": 5.0}
"""Seconds of a member of a stage whose passes nobody counts, as on digits."""


class Forecast:
    """Seconds of members that are not made yet."""

    def __init__(self, plan: Plan, root: Path) -> None:
        self.plan, self.workspace = plan, Workspace(root, plan)
        self.durations = Durations(self.workspace)
        self.speeds = Throughput(root).known

    def made_at(self, member: Member) -> float | None:
        """When a member was finished, in seconds since the epoch; None if it is not."""
        try:
            return sidecar_path(self.workspace.entry(member).payload).stat().st_mtime
        except OSError:
            return None

    def seconds(self, member: Member) -> float:
        """As members alike took, or else as guessed from the passes of its job."""
        recorded = self.durations.seconds(member)
        return self._guess(member) if recorded is None else recorded

    def is_recorded(self, member: Member) -> bool:
        """Whether a member alike was made."""
        return self.durations.seconds(member) is not None

    def of_process(self, waiting: Collection[Member]) -> float:
        """Seconds of the process that makes these members; 0 without any."""
        return START + sum(map(self.seconds, waiting)) if waiting else 0.0

    @cached_property
    def ranks(self) -> dict[tuple[str, str], int]:
        """Stage and id of every job to its priority."""
        return priorities(self.plan.jobs, self.speeds)

    @cached_property
    def _guesses(self) -> dict[str, float]:
        return {name: self._share(job) for job in self.plan.jobs for name in job.members}

    def _guess(self, member: Member) -> float:
        return self._guesses.get(member.id, TYPICAL.get(member.stage, 0.0))

    def _share(self, job: Job) -> float:
        """A member's share of its job's passes."""
        if not job.passes:
            return TYPICAL.get(job.stage, 0.0)
        bare = sum(count * self.speeds.get(key, UNKNOWN) for key, count in job.passes.items())
        return BESIDE_PASSES.get(job.stage, 1.0) * bare / len(job.members)


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
