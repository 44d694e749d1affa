"""What members took and how large they became, by what the sidecars of those alike, but for the seed, say."""

import json
from collections import defaultdict
from functools import cached_property
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from distillab.core.errors import ArtifactError
from distillab.core.job import Member
from distillab.core.sidecar import read_sidecar
from distillab.core.workspace import Workspace

ENOUGH = 5
"""Sidecars of a kind that are read: seeds take alike."""


class Taken(NamedTuple):
    """What making one member took."""

    seconds: float
    bytes: int


class Durations:
    """How long the members of a plan take, by those that were made, under these parameters and code or earlier ones."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._known: dict[str, Taken | None] = {}

    def seconds(self, member: Member) -> float | None:
        """The median over members alike; None where there is none."""
        taken = self.taken(member)
        return taken.seconds if taken else None

    def taken(self, member: Member) -> Taken | None:
        """The median seconds and bytes over a few members alike; None where there is none."""
        kind = _kind(member)
        if kind not in self._known:
            found = (taken for made in self._alike[kind] if (taken := self._taken(made)))
            some = list(islice(found, ENOUGH))
            self._known[kind] = _median(some) if some else None
        return self._known[kind]

    @cached_property
    def _alike(self) -> dict[str, list[Member]]:
        found: dict[str, list[Member]] = defaultdict(list)
        for member in self.workspace.plan.members.values():
            found[_kind(member)].append(member)
        return found

    def _taken(self, member: Member) -> Taken | None:
        places = [self.workspace.path(member)] if member.path else []
        return next(filter(None, map(_told, (*places, self.workspace.entry(member).payload))), None)


def _told(payload: Path) -> Taken | None:
    """What a payload's sidecar says; None where there is none, or one that cannot be believed."""
    try:
        sidecar = read_sidecar(payload)
        return Taken(float(sidecar.run["seconds"]), sidecar.payload.bytes)
    except (ArtifactError, KeyError, TypeError, ValueError):
        return None


def _median(some: list[Taken]) -> Taken:
    return Taken(median(each.seconds for each in some), round(median(each.bytes for each in some)))


def _kind(member: Member) -> str:
    axes = {name: value for name, value in member.axes.items() if name != "seed"}
    return json.dumps([member.stage, member.spec, axes], sort_keys=True)
