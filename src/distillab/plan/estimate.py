"""The plan as people read it: a tree of what will be made, with counts, passes and hours."""

from dataclasses import dataclass, field
from pathlib import Path

from distillab.core.identity import PAPER
from distillab.core.job import Member, Plan
from distillab.core.sidecar import sidecar_path
from distillab.core.stages import STAGES
from distillab.core.store import Store
from distillab.core.throughput import Throughput
from distillab.core.workspace import HIDDEN
from distillab.plan.costs import IMAGES_UNKNOWN, Cost, cost_of, unknown_images


@dataclass
class Group:
    """Members that a reader sees as one line: the same thing under several seeds."""

    title: str
    members: list[Member] = field(default_factory=list)
    done: int = 0
    passes: int = 0
    seconds: float | None = 0.0
    """Of what is not made yet; None where a speed is unknown."""
    detail: str = ""
    """What an epoch and an attack step of a training against an adversary take."""


def describe(plan: Plan, root: Path, *, measure: bool) -> str:
    """The tree of the plan, a line per thing to make, with the hours that are left on one core or device.

    Args:
        plan: what ``params.yaml`` asks for.
        root: the project.
        measure: time networks whose speed on this machine is not known yet.
    """
    groups = _groups(plan, root, measure=measure)
    lines = [_headline(plan)]
    for stage in [*STAGES][:-2]:
        of_stage = [group for group in groups if group.members[0].stage == stage]
        if of_stage:
            lines.append(f"{stage}: {STAGES[stage].says}")
            lines += [f"  {_line(group)}" for group in of_stage]
    lines.append(_total(plan, groups))
    return "\n".join(lines)


def _headline(plan: Plan) -> str:
    seeds = ", ".join(str(seed) for seed in plan.params["seeds"])
    size = f"{len(plan.members)} payloads in {len(plan.jobs)} jobs"
    return f"preset {plan.preset} on {plan.facts['data']['title']}, seeds {seeds}: {size}"


def _groups(plan: Plan, root: Path, *, measure: bool) -> list[Group]:
    store, speeds = Store(root / HIDDEN / "store"), Throughput(root)
    groups: dict[str, Group] = {}
    for member in plan.members.values():
        title = _title(member)
        group = groups.setdefault(f"{member.stage} {title}", Group(title))
        group.members.append(member)
        cost = cost_of(plan, member)
        if _made(store, member):
            group.done += 1
        elif cost is not None:
            _add(group, cost, seconds_of_pass(plan, cost, speeds, measure=measure))
    return list(groups.values())


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


def _add(group: Group, cost: Cost, one_pass: float | None) -> None:
    seconds = None if one_pass is None else one_pass * cost.passes
    group.passes += cost.passes
    group.seconds = None if seconds is None or group.seconds is None else group.seconds + seconds
    if cost.against and seconds is not None:
        epoch = seconds / cost.epochs
        group.detail = f" ({duration(epoch)} an epoch, {duration(epoch / cost.against)} of it for each attack step)"


def seconds_of_pass(plan: Plan, cost: Cost, speeds: Throughput, *, measure: bool) -> float | None:
    """Seconds of one image's pass; timed now where they are unknown and this is asked for."""
    known = speeds.get(cost.key)
    if known is None and measure:
        from distillab.plan.speed import seconds_per_image

        known = seconds_per_image(plan, cost)
        speeds.put(cost.key, known)
    return known


def _made(store: Store, member: Member) -> bool:
    suffix = Path(member.path).suffix or ".safetensors"
    return sidecar_path(store.entry(member.stage, member.key, suffix).payload).exists()


def _line(group: Group) -> str:
    count, seeds = len(group.members), len({member.seed for member in group.members})
    left = f"{group.done} of {count} made" if group.done else f"{count} to make"
    runs = f", {seeds} seeds" if seeds > 1 else ""
    work = f", {group.passes:.3g} passes, {duration(group.seconds)}" if group.passes else ""
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
