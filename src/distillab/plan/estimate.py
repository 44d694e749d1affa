"""The plan as people read it: a tree of what will be made, with counts, passes and hours."""

from dataclasses import dataclass, field
from pathlib import Path

from distillab.core.identity import PAPER
from distillab.core.job import Member, Plan
from distillab.core.stages import STAGES
from distillab.plan.brief import Brief
from distillab.plan.costs import IMAGES_UNKNOWN, Cost, cost_of, unknown_images
from distillab.plan.disk import Disk
from distillab.plan.prune import readable
from distillab.plan.resources import asked


@dataclass
class Group:
    """Members that a reader sees as one line: the same thing under several seeds."""

    title: str
    members: list[Member] = field(default_factory=list)
    done: int = 0
    passes: int = 0
    seconds: float | None = 0.0
    """Of what is not made yet; None where a network's speed is unknown."""
    detail: str = ""
    """What an epoch and an attack step of a training against an adversary take."""


def describe(plan: Plan, root: Path, *, measure: bool) -> str:
    """The tree of the plan, a line per thing to make, with the hours that are left on one core or device.

    Args:
        plan: what ``params.yaml`` asks for.
        root: the project.
        measure: time networks whose speed on this machine is not known yet.
    """
    brief = Brief(plan, root, measure=measure)
    groups = _groups(brief)
    lines = [_headline(plan)]
    for stage in [*STAGES][:-2]:
        of_stage = [group for group in groups if group.members[0].stage == stage]
        if of_stage:
            lines.append(f"{stage}: {STAGES[stage].says}")
            lines += [f"  {_line(group)}" for group in of_stage]
            lines.append(f"  needs: {_needs(brief, stage)}")
    lines.append(_total(plan, groups))
    return "\n".join(lines)


def _headline(plan: Plan) -> str:
    seeds = ", ".join(str(seed) for seed in plan.params["seeds"])
    size = f"{len(plan.members)} payloads in {len(plan.jobs)} jobs"
    return f"preset {plan.preset} on {plan.facts['data']['title']}, seeds {seeds}: {size}"


def _groups(brief: Brief) -> list[Group]:
    groups, waiting = dict[str, Group](), {member.id for member in brief.waiting}
    for member in brief.plan.members.values():
        title = _title(member)
        group = groups.setdefault(f"{member.stage} {title}", Group(title))
        group.members.append(member)
        if member.id in waiting:
            _add(group, brief, member)
        else:
            group.done += 1
    return list(groups.values())


def _needs(brief: Brief, stage: str) -> str:
    """Disk of a stage's members that are not made, and what a job of its rule asks a cluster for."""
    members = [member for member in brief.waiting if member.stage == stage]
    jobs = [asked(brief.plan, job, brief.forecast.speeds) for job in brief.plan.stage(stage)]
    least, most = (choose(job["runtime"] for job in jobs) for choose in (min, max))
    gpu = "a GPU, " if any(job["gpu"] for job in jobs) else ""
    minutes = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    disk = readable(Disk(brief.plan, brief.forecast.durations).of(members))
    memory = max(job["mem_mb"] for job in jobs) / 1000
    return f"disk {disk}; a job: {gpu}memory {memory:.1f} GB, on a cluster {minutes} minutes"


def _title(member: Member) -> str:
    axes = member.axes
    match member.stage:
        case "attack":
            scaled = " on Z/T" if axes["logits"] == "rescaled" else ""
            return f"{axes['model']} under {axes['attack']}{scaled}"
        case "certify":
            return f"{axes['model']} certified by {axes['certifier']}"
        case "distill":
            what = "soft labels of " if axes["part"] == "labels" else ""
            return f"{what}{axes['chain']} at T = {axes['temperature']}, step {axes['step']}"
    names = [value for axis, value in axes.items() if axis not in {"seed", "family", "thief"}]
    of_thief = f" ({axes['thief']})" if axes.get("thief", PAPER) != PAPER else ""
    return (" by ".join(reversed(names)) or member.id) + of_thief


def _add(group: Group, brief: Brief, member: Member) -> None:
    cost = cost_of(brief.plan, member)
    seconds = brief.forecast.seconds(member) if brief.is_known(member) else None
    group.passes += cost.passes if cost else 0
    group.seconds = None if seconds is None or group.seconds is None else group.seconds + seconds
    if cost and cost.against and seconds is not None:
        group.detail = _per_epoch(cost, seconds)


def _per_epoch(cost: Cost, seconds: float) -> str:
    epoch = seconds / cost.epochs
    return f" ({duration(epoch)} an epoch, {duration(epoch / cost.against)} of it for each attack step)"


def _line(group: Group) -> str:
    count, seeds = len(group.members), len({member.seed for member in group.members})
    left = f"{group.done} of {count} made" if group.done else f"{count} to make"
    runs = f", {seeds} seeds" if seeds > 1 else ""
    passes = f", {group.passes:.3g} passes" if group.passes else ""
    work = f"{passes}, {duration(group.seconds)}" if group.seconds != 0 else ""
    return f"{group.title}: {left}{runs}{work}{group.detail}"


def _total(plan: Plan, groups: list[Group]) -> str:
    done, count = sum(group.done for group in groups), sum(len(group.members) for group in groups)
    if unknown_images(plan):
        return f"total: {done} of {count} made; left: unknown, for {IMAGES_UNKNOWN}"
    passes = sum(group.passes for group in groups)
    known = [group.seconds for group in groups]
    seconds = None if None in known else sum(value for value in known if value is not None)
    return f"total: {done} of {count} made; left: {passes:.3g} passes, {duration(seconds)} on one core or device"


def duration(seconds: float | None) -> str:
    """Seconds in the unit that suits them; ``?`` where they are unknown."""
    if seconds is None:
        return "? hours (run `distillab plan` without --no-measure)"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
