"""The plan in ten lines: what will be made, what is there already, how long it takes, how much disk it needs."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from distillab.core.job import Member, Plan
from distillab.core.throughput import Throughput
from distillab.plan.costs import IMAGES_UNKNOWN, cost_of, unknown_images
from distillab.plan.estimate import seconds_of_pass
from distillab.plan.forecast import Forecast, wall_seconds
from distillab.plan.prune import readable
from distillab.plan.wording import counted, doing, span

LINES = (
    ("teach", "baseline"), ("knockoff",), ("distill",), ("attack", "certify"),
    ("measure", "sensitivity", "collect", "report"),
)  # fmt: skip
"""Stages that share a line."""

COPIES = 2
"""Of every payload: in the store, and where the workflow wants it."""

WEIGHT_BYTES = 4


class Brief:
    """A plan, and what of it is not made yet."""

    def __init__(self, plan: Plan, root: Path, *, measure: bool) -> None:
        self.plan, self.root = plan, root
        self.forecast = Forecast(plan, root)
        self.waiting = [each for each in plan.members.values() if self.forecast.made_at(each) is None]
        if measure:
            self._time_networks()

    def lines(self, cores: int) -> list[str]:
        """What will be made, a line for each group of stages, and what is left."""
        seeds = ", ".join(str(seed) for seed in self.plan.params["seeds"])
        size = f"{counted(len(self.plan.members), 'payload')} in {counted(len(self.plan.jobs), 'job')}"
        head = f"preset {self.plan.preset} on {self.plan.facts['data']['title']}, seeds {seeds}: {size}"
        groups = ([m for m in self.plan.members.values() if m.stage in stages] for stages in LINES)
        return [head, *(f"  {self._line(group)}" for group in groups if group), *self._left(cores)]

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
        wall = wall_seconds(self.plan.jobs, seconds, self.forecast.ranks, cores)
        work = f"{span(sum(seconds.values()))} of work, {span(wall)} on {counted(cores, 'core')}"
        return [f"{count}: {work}; disk {self._disk()}; {self._source()}"]

    def _waiting_of(self, members: Iterable[Member]) -> list[Member]:
        return [member for member in members if member.id in self._names]

    @cached_property
    def _names(self) -> set[str]:
        return {member.id for member in self.waiting}

    def _source(self) -> str:
        """What the times rest on."""
        whole = sum(map(self.forecast.seconds, self.waiting))
        recorded = sum(self.forecast.seconds(m) for m in self.waiting if self.forecast.is_recorded(m))
        share = f"{100 * recorded / whole:.0f} %" if whole else "none"
        return f"{share} of the time as it was recorded here, the rest reckoned from passes"

    def _disk(self) -> str:
        """Bytes of what is not made yet, as members alike have them, or at least their weights."""
        known = [self.forecast.durations.taken(member) for member in self.waiting]
        total = sum(
            taken.bytes if taken else self._weights(member) for member, taken in zip(self.waiting, known, strict=True)
        )
        return f"{'' if all(known) else 'over '}{readable(COPIES * total)}"

    def _weights(self, member: Member) -> int:
        if member.model is None or "train" not in member.spec:
            return 0
        network = str(member.spec["model"])
        if network not in self._counted:
            self._counted[network] = self._parameters(member)
        return WEIGHT_BYTES * self._counted[network]

    @cached_property
    def _counted(self) -> dict[str, int]:
        return {}

    def _parameters(self, member: Member) -> int:
        from distillab.models import MODELS
        from distillab.models.untrained import untrained

        facts = self.plan.facts["data"]
        model = untrained(MODELS.parse(member.spec["model"]), tuple(facts["shape"]), facts["classes"])
        return sum(weights.numel() for weights in model.state_dict().values())

    def _time_networks(self) -> None:
        """Time the networks of which nothing is recorded."""
        speeds = Throughput(self.root)
        for member in self.waiting:
            if not self.forecast.is_recorded(member) and (cost := cost_of(self.plan, member)):
                seconds_of_pass(self.plan, cost, speeds, measure=True)
        self.forecast.speeds = speeds.known
