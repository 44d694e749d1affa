"""From members to jobs and rules: members that differ only in batched axes share a process."""

import hashlib
import re
from collections.abc import Iterable

from distillab.core.job import Job, Member, Shape, fill_pattern
from distillab.plan.params import Params
from distillab.plan.patterns import ALWAYS_BATCHED, PATTERNS


def shapes_of(params: Params, members: dict[str, Member]) -> tuple[Shape, ...]:
    """One rule per stage; a second one where the jobs of a stage do not loop over the same values."""
    shapes: list[Shape] = []
    for stage in PATTERNS:
        declared = [member for member in members.values() if member.stage == stage]
        batched = {*params.batch.get(stage, ()), *ALWAYS_BATCHED.get(stage, ())}  # type: ignore[call-overload]
        jobs = _jobs(stage, declared, batched, members)
        by_outputs: dict[tuple[str, ...], list[Job]] = {}
        for job in jobs:
            by_outputs.setdefault(_outputs(job, stage, params.preset, members), []).append(job)
        for number, (outputs, group) in enumerate(by_outputs.items()):
            shapes.append(_shape(f"{stage}_{number + 1}" if number else stage, stage, outputs, group))
    return tuple(shapes)


def _jobs(stage: str, declared: list[Member], batched: Iterable[str], members: dict[str, Member]) -> list[Job]:
    groups: dict[tuple[tuple[str, str], ...], list[Member]] = {}
    for member in declared:
        free = tuple((axis, value) for axis, value in member.axes.items() if axis not in batched)
        groups.setdefault(free, []).append(member)
    return [_job(stage, dict(free), group, members) for free, group in groups.items()]


def _job(stage: str, wildcards: dict[str, str], group: list[Member], members: dict[str, Member]) -> Job:
    own = {member.id for member in group}
    inputs: dict[str, None] = {}
    for member in group:
        for parent in _declared_ancestors(member, members):
            if parent.id not in own:
                inputs[parent.path] = None
    keys = "".join(member.key for member in group)
    return Job(
        stage=stage,
        id="/".join(wildcards.values()) or "all",
        wildcards=wildcards,
        members=tuple(member.id for member in group),
        inputs=tuple(inputs),
        digest=hashlib.blake2b(keys.encode(), digest_size=12).hexdigest(),
        threads=max(member.threads for member in group),
    )


def _declared_ancestors(member: Member, members: dict[str, Member]) -> Iterable[Member]:
    """The parents; through those that live in the store only, their parents."""
    for parent_id in member.parents.values():
        parent = members[parent_id]
        if parent.path:
            yield parent
        else:
            yield from _declared_ancestors(parent, members)


def _outputs(job: Job, stage: str, preset: str, members: dict[str, Member]) -> tuple[str, ...]:
    """Payloads alone: sidecars are there before them, and Snakemake starts in half the time with half the files."""
    outputs: list[str] = []
    for member_id in job.members:
        axes = {axis: value for axis, value in members[member_id].axes.items() if axis not in job.wildcards}
        outputs.append(f"results/{preset}/{fill_pattern(PATTERNS[stage], axes)}")
    return tuple(outputs)


def _shape(rule: str, stage: str, outputs: tuple[str, ...], jobs: list[Job]) -> Shape:
    names = jobs[0].wildcards
    constraints = {
        name: "|".join(sorted({re.escape(job.wildcards[name]) for job in jobs}, key=lambda text: (-len(text), text)))
        for name in names
    }
    return Shape(rule=rule, stage=stage, outputs=outputs, constraints=constraints, jobs=tuple(jobs))
