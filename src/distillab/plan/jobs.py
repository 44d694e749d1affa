"""From members to jobs: members that differ only in batched axes, and that the same studies need, share a process."""

import hashlib
from collections.abc import Iterator, Mapping

from distillab.core.job import Job, Member
from distillab.core.receipts import receipt_path
from distillab.core.stages import STAGES
from distillab.plan.params import Params
from distillab.plan.resources import memory_mb

Readers = Mapping[str, tuple[str, ...]]
"""Member id to the studies whose pages stand on it."""


def jobs_of(params: Params, members: dict[str, Member]) -> tuple[Job, ...]:
    """The jobs of all stages; parents of a job's members are its own, or another job's output is among its inputs.

    Members of different studies never share a job: a study that is run alone makes what it needs and no more.
    """
    readers = readers_of(members)
    groups = _groups(params, members, readers)
    outputs = {member.id: _output(params, key) for key, group in groups.items() for member in group}
    memory = memory_mb(params.data)
    return tuple(_job(key, group, members, outputs, memory) for key, group in groups.items())


def readers_of(members: Mapping[str, Member]) -> dict[str, tuple[str, ...]]:
    """Member id to the reports that stand on it, at any remove; what none reads, such as DVC's plots, is for all."""
    reports = [member.id for member in members.values() if member.stage == "report"]
    found: dict[str, dict[str, None]] = {member_id: {} for member_id in members}
    for report in reports:
        waiting = [report]
        while waiting:
            member_id = waiting.pop()
            if report not in found[member_id]:
                found[member_id][report] = None
                waiting += members[member_id].parents.values()
    return {member_id: tuple(readers or reports) for member_id, readers in found.items()}


Key = tuple[str, str]
"""Stage and id of a job."""


def _groups(params: Params, members: dict[str, Member], readers: Readers) -> dict[Key, list[Member]]:
    """The members of each job, by stage and in the plan's order."""
    groups: dict[Key, list[Member]] = {}
    for stage, declared in STAGES.items():
        batched = {*params.batch.get(stage, ()), *declared.together}
        alike: dict[str, dict[tuple[str, ...], list[Member]]] = {}
        for member in members.values():
            if member.stage == stage:
                free = "/".join(value for axis, value in member.axes.items() if axis not in batched) or "all"
                alike.setdefault(free, {}).setdefault(readers[member.id], []).append(member)
        for free, by_readers in alike.items():
            for some, group in by_readers.items():
                groups[stage, free if len(by_readers) == 1 else f"{free}/{_for(some)}"] = group
    return groups


def _for(readers: tuple[str, ...]) -> str:
    """What tells a job from others with the same axes: the pages that need it."""
    return "for_" + "_".join(report.removeprefix("report-") for report in readers)


def _output(params: Params, key: Key) -> str:
    stage, job = key
    return f"results/{params.preset}/reports/{job}.html" if stage == "report" else receipt_path(params.preset, *key)


def _job(key: Key, group: list[Member], members: dict[str, Member], outputs: Mapping[str, str], memory: int) -> Job:
    inputs = {outputs[parent.id]: None for member in group for parent in _declared_ancestors(member, members)}
    output = outputs[group[0].id]
    keys = "".join(member.key for member in group)
    return Job(
        stage=key[0],
        id=key[1],
        members=tuple(member.id for member in group),
        inputs=tuple(name for name in inputs if name != output),
        output=output,
        digest=hashlib.blake2b(keys.encode(), digest_size=12).hexdigest(),
        threads=max(member.threads for member in group),
        memory_mb=memory,
    )


def _declared_ancestors(member: Member, members: Mapping[str, Member]) -> Iterator[Member]:
    """The parents; through those that live in the store only, their parents."""
    for parent_id in member.parents.values():
        parent = members[parent_id]
        if parent.path:
            yield parent
        else:
            yield from _declared_ancestors(parent, members)
