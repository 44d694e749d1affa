"""The plan in ten lines: what will be made, what is there already, how long it takes, what it needs and buys."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from distillab.core.job import Member, Plan
from distillab.core.throughput import Throughput
from distillab.plan.costs import IMAGES_UNKNOWN, unknown_images
from distillab.plan.disk import Disk, answers_bought
from distillab.plan.forecast import Forecast, gpus_of, wall_seconds
from distillab.plan.prune import readable
from distillab.plan.reckoning import TIMED, Reckoning
from distillab.plan.wording import counted, doing, span

LINES = (
    ("teach", "baseline"), ("knockoff",), ("distill",), ("attack", "certify"),
    ("measure", "sensitivity", "collect", "report"),
)  # fmt: skip
"""Stages that share a line."""

RECORDED = "recorded here"


class Brief:
    """A plan, and what of it is not made yet."""

    def __init__(self, plan: Plan, root: Path, *, measure: bool) -> None:
        self.plan = plan
        self._learn(root)
        self.waiting = [each for each in plan.members.values() if self.forecast.made_at(each) is None]
        if measure and self._calibrate(Throughput(root)):
            self._learn(root)

    def _learn(self, root: Path) -> None:
        """Take what is known by now into account."""
        self.reckoning = Reckoning(self.plan, Throughput(root).known)
        self.forecast = Forecast(self.plan, root, self.reckoning)

    def _calibrate(self, speeds: Throughput) -> bool:
        """Time what nothing is recorded of; whether anything was waiting for it."""
        unknown = [member for member in self.waiting if not self.forecast.is_recorded(member)]
        if unknown:
            from distillab.plan.calibration import calibrate

            calibrate(self.plan, unknown, speeds)
        return bool(unknown)

    def lines(self, cores: int) -> list[str]:
        """What will be made, a line for each group of stages, and what is left."""
        seeds = ", ".join(str(seed) for seed in self.plan.params["seeds"])
        size = f"{counted(len(self.plan.members), 'payload')} in {counted(len(self.plan.jobs), 'job')}"
        head = f"preset {self.plan.preset} on {self.plan.facts['data']['title']}, seeds {seeds}: {size}"
        groups = ([m for m in self.plan.members.values() if m.stage in stages] for stages in LINES)
        return [head, *(f"  {self._line(group)}" for group in groups if group), *self._left(cores)]

    def is_known(self, member: Member) -> bool:
        """Whether its seconds do not rest on a network whose speed nobody knows."""
        if self.forecast.is_recorded(member) or self.reckoning.of(member).basis == TIMED:
            return True
        return self.reckoning.network_key(member) in {"", *self.forecast.speeds, *self.reckoning.stated}

    def _line(self, members: Sequence[Member]) -> str:
        stages = dict.fromkeys(member.stage for member in members)
        first, *more = (doing(self.plan, stage, [m for m in members if m.stage == stage]) for stage in stages)
        made = len(members) - len(waiting := self._waiting_of(members))
        what = ", ".join([first, *(each[0].lower() + each[1:] for each in more)])
        left = span(sum(map(self.forecast.seconds, waiting)))
        return f"{what}: {f'{made} of {len(members)} made' if made else 'to do'}" + (
            f", {left} left" if waiting else ""
        )

    def _left(self, cores: int) -> list[str]:
        count = f"left: {len(self.waiting):,} of {counted(len(self.plan.members), 'payload')}"
        if not self.waiting:
            return [f"{count}; `distillab answer` says what they answer"]
        if unknown_images(self.plan):
            return [f"{count}, for an unknown time: {IMAGES_UNKNOWN}"]
        jobs = {job.output: self._waiting_of(self.plan.members[m] for m in job.members) for job in self.plan.jobs}
        seconds = {output: self.forecast.of_process(members) for output, members in jobs.items()}
        gpus = gpus_of(self.plan)
        wall = wall_seconds(self.plan.jobs, seconds, self.forecast.ranks, cores, gpus)
        turns = f" and {counted(gpus, 'GPU')}" if gpus else ""
        work = f"{span(sum(seconds.values()))} of work, {span(wall)} on {counted(cores, 'core')}{turns}"
        return [f"{count}: {work}; {self._source()}", self._needs()]

    def _waiting_of(self, members: Iterable[Member]) -> list[Member]:
        return [member for member in members if member.id in self._names]

    @cached_property
    def _names(self) -> set[str]:
        return {member.id for member in self.waiting}

    def _source(self) -> str:
        """What the times rest on."""
        shares = defaultdict[str, float](float)
        for member in self.waiting:
            recorded = self.forecast.is_recorded(member)
            basis = RECORDED if recorded else self.reckoning.of(member).basis
            shares[basis] += self.forecast.seconds(member)
        whole = sum(shares.values()) or 1.0
        return ", ".join(f"{100 * each / whole:.0f} % {basis}" for basis, each in sorted(shares.items()))

    def _needs(self) -> str:
        """Disk, memory and answers."""
        memory = max(job.memory_mb for job in self.plan.jobs)
        disk = readable(Disk(self.plan, self.forecast.durations).of(self.waiting))
        bought = [f"{thief} {count:,} answers, {most:,} of one teacher"
                  for thief, (count, most) in answers_bought(self.plan, self.waiting).items()]  # fmt: skip
        return f"needs: disk {disk}, memory {memory / 1000:.1f} GB a job" + "".join(
            f"; buys: {each}" for each in bought
        )
