"""How far a run is, told from its files: whoever looks, inside the run or beside it, sees the same."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from distillab.core.files import write_text
from distillab.core.job import Job, Member, Plan
from distillab.core.stages import STAGES
from distillab.core.workspace import HIDDEN
from distillab.plan.forecast import Forecast, wall_seconds

ASKED = HIDDEN / "asked.json"
"""What the last run was to make."""

PACE_KNOWN = 15.0
"""Seconds after which a run's own pace says more than guesses."""

ENOUGH = 0.5
"""Share of a run's seconds that is recorded of members alike, above which these are believed."""


@dataclass(frozen=True)
class AskedRun:
    """What a run of Snakemake is to make."""

    pid: int
    started: float
    """In seconds since the epoch."""
    cores: int
    """Threads, or jobs of a cluster, that run at once."""
    outputs: tuple[str, ...]
    """Of the jobs that it runs."""
    gpus: int | None = None
    """How many of those that compute run at once; None for any number, as on a cluster."""

    def write(self, root: Path = Path()) -> None:
        """Keep it for whoever looks."""
        write_text(root / ASKED, json.dumps(self.__dict__) + "\n")

    @classmethod
    def read(cls, root: Path = Path()) -> "AskedRun | None":
        """What the last run of a project was to make; None if there was none."""
        try:
            content = json.loads((root / ASKED).read_bytes())
            return cls(**content | {"outputs": tuple(content["outputs"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None


def note_asked(outputs: Iterable[str], cores: int, root: Path = Path(), *, gpus: int | None = None) -> None:
    """Write down what this process's run is to make."""
    AskedRun(os.getpid(), time.time(), cores, tuple(outputs), gpus).write(root)


@dataclass(frozen=True)
class Count:
    """How far a stage is."""

    stage: str
    members: tuple[Member, ...]
    """Of the jobs that were asked for."""
    done: int
    """How many of them are made; of a job that has ended, all but what failed."""


class RunProgress:
    """A run's jobs, which of their members are made, and how long the others will take."""

    def __init__(self, plan: Plan, asked: AskedRun, root: Path = Path()) -> None:
        self.plan, self.asked, self.forecast = plan, asked, Forecast(plan, root)
        outputs = {*asked.outputs}
        self.jobs = [job for job in plan.jobs if job.output in outputs]
        self._readers = defaultdict[str, list[Job]](list)
        for job in self.jobs:
            for file in job.inputs:
                self._readers[file].append(job)
        self.settled: set[str] = set()
        """Outputs of the jobs that have ended, whatever they made."""
        self.running: dict[str, float] = {}
        """Outputs of the jobs that run, and since when."""
        self._made: dict[str, float] = {}
        self.look()
        of_run = {job.output: self._unmade(job, before=asked.started) for job in self.jobs}
        self._whole = self._wall({job.output: self.forecast.of_process(of_run[job.output]) for job in self.jobs})
        self._recorded = self._share_recorded([member for members in of_run.values() for member in members])

    def look(self) -> None:
        """See what has been made since the last look."""
        for member in self._members(self.jobs):
            if member.id not in self._made and (when := self.forecast.made_at(member)) is not None:
                self._made[member.id] = when

    def give_up(self, failed: Job) -> None:
        """A job has made nothing: what stands on it will not run."""
        self.settled.add(failed.output)
        for job in self._readers[failed.output]:
            if job.output not in self.settled:
                self.give_up(job)

    def counts(self) -> Iterator[Count]:
        """How far each stage of the run is, in the order of a run."""
        for stage in STAGES:
            jobs = [job for job in self.jobs if job.stage == stage]
            if jobs:
                members = tuple(self._members(jobs))
                yield Count(stage, members, sum(member.id in self._made for member in members))

    def left(self, now: float) -> float:
        """Seconds until the run ends: as members alike took, or where too few are recorded, at the run's own pace."""
        seconds = {job.output: self._of_job(job, now) for job in self.jobs if job.output not in self.settled}
        left, elapsed = self._wall(seconds), now - self.asked.started
        if self._recorded > ENOUGH or elapsed < PACE_KNOWN or self._whole - left < self._whole / 20:
            return left
        return left * elapsed / (self._whole - left)

    def _of_job(self, job: Job, now: float) -> float:
        waiting = self._unmade(job)
        if job.output not in self.running:
            return self.forecast.of_process(waiting)
        if not waiting:
            return 0.0
        since = max([self.running[job.output], *(self._made.get(name, 0.0) for name in job.members)])
        current, *others = map(self.forecast.seconds, waiting)
        return max(current + since - now, current / 10) + sum(others)

    def _unmade(self, job: Job, before: float = inf) -> list[Member]:
        """The members of a job that were not made before a time."""
        return [self.plan.members[name] for name in job.members if not self._made.get(name, inf) < before]

    def _wall(self, seconds: Mapping[str, float]) -> float:
        jobs = [job for job in self.jobs if job.output in seconds]
        return wall_seconds(jobs, seconds, self.forecast.ranks, self.asked.cores, self.asked.gpus)

    def _share_recorded(self, members: Sequence[Member]) -> float:
        total = sum(map(self.forecast.seconds, members))
        return sum(self.forecast.seconds(m) for m in members if self.forecast.is_recorded(m)) / total if total else 1.0

    def _members(self, jobs: Iterable[Job]) -> Iterator[Member]:
        return (self.plan.members[name] for job in jobs for name in job.members)


def log_of(plan: Plan, job: Job) -> Path:
    """Where a job writes what it says, relative to the project."""
    return Path("results") / plan.preset / "logs" / job.stage / f"{job.id}.log"
