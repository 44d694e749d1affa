"""From members to jobs: members that differ only in batched axes, and that the same studies need, share a process."""

import hashlib
from collections.abc import Iterator, Mapping

from distillab.core.job import Job, Member
from distillab.core.receipts import receipt_path
from distillab.core.stages import STAGES
from distillab.params.root import Params
from distillab.plan.resources import memory_mb
from distillab.studies import STUDIES


def jobs_of(params: Params, members: dict[str, Member]) -> tuple[Job, ...]:
    """The jobs of all stages; parents of a job's members are its own, or another job's output is among its inputs.

    Members of different studies never share a job: a study that is run alone makes what it needs and no more.
    """
    groups = _groups(params, members)
    outputs = {member.id: _output(params, key) for key, group in groups.items() for member in group}
    memory = memory_mb(params.data)
    return tuple(_job(key, group, members, outputs, memory) for key, group in groups.items())


def readers_of(members: Mapping[str, Member]) -> dict[str, tuple[str, ...]]:
    """Member id to the studies whose pages stand on it, at any remove; the index stands on everything."""
    found: dict[str, dict[str, None]] = {}
    for report in (member for member in members.values() if member.stage == "report"):
        study, waiting = report.axes["report"], [report.id]
        while waiting and study in STUDIES:
            member_id = waiting.pop()
            readers = found.setdefault(member_id, {})
            if study not in readers:
                readers[study] = None
                waiting += members[member_id].parents.values()
    return {member_id: tuple(readers) for member_id, readers in found.items()}


JobKey = tuple[str, str]
"""Stage and id of a job."""


def _groups(params: Params, members: dict[str, Member]) -> dict[JobKey, list[Member]]:
    """The members of each job, by stage and in the plan's order."""
    readers, alike = readers_of(members), dict[JobKey, dict[tuple[str, ...], list[Member]]]()
    for member in members.values():
        if member.stage in STAGES:
            some = readers.get(member.id, ()) if not member.incomplete else ()
            alike.setdefault((member.stage, _free(params, member)), {}).setdefault(some, []).append(member)
    order = sorted(alike, key=lambda key: [*STAGES].index(key[0]))
    return {
        (stage, free if len(alike[stage, free]) == 1 else f"{free}/{_for(some)}"): group
        for stage, free in order
        for some, group in alike[stage, free].items()
    }


def _free(params: Params, member: Member) -> str:
    """The values of a member's axes that its job does not loop over."""
    batched = {*params.batch.get(member.stage, ()), *STAGES[member.stage].together}
    return "/".join(value for axis, value in member.axes.items() if axis not in batched) or "all"


def _for(readers: tuple[str, ...]) -> str:
    """What tells a job from others with the same axes: the pages that need it."""
    return "_".join(("for", *readers)) if readers else "for_no_study"


def _output(params: Params, key: JobKey) -> str:
    stage, job = key
    return f"results/{params.preset}/reports/{job}.html" if stage == "report" else receipt_path(params.preset, *key)


def _job(key: JobKey, group: list[Member], members: dict[str, Member], outputs: Mapping[str, str], memory: int) -> Job:
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
