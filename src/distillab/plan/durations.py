"""What members took and how large they became, by what the sidecars of those alike say.

Alike are members that differ in their seed alone. Of others with the same network and method it is known how much
longer they took than was reckoned. Sidecars of another processor or GPU say nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from distillab.core.errors import ArtifactError
from distillab.core.job import Member
from distillab.core.sidecar import Sidecar, read_sidecar
from distillab.core.stages import STAGES
from distillab.core.workspace import Workspace

if TYPE_CHECKING:
    from distillab.plan.reckoning import Reckoning

ENOUGH = 5
"""Sidecars of a kind that are read: seeds take alike."""


class Taken(NamedTuple):
    """What making one member took."""

    seconds: float
    bytes: int


class Durations:
    """How long the members of a plan take, by those that were made, under these parameters and code or earlier ones."""

    def __init__(self, workspace: Workspace, reckoning: "Reckoning | None" = None) -> None:
        self.workspace, self.reckoning = workspace, reckoning
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

    def pace(self, member: Member) -> float | None:
        """Seconds that members of the same network and method took per second that was reckoned; None without any."""
        return next((self._paces[key] for key in self._like(member) if key in self._paces), None)

    @cached_property
    def _paces(self) -> dict[str, float]:
        """The median pace of everything that was made, by what others may be like it in."""
        found = defaultdict[str, list[float]](list)
        for some in self._alike.values() if self.reckoning else ():
            taken = self.taken(some[0])
            if taken and self.reckoning and (reckoned := self.reckoning.of(some[0]).seconds) > 0:
                for key in self._like(some[0]):
                    found[key].append(taken.seconds / reckoned)
        return {key: median(values) for key, values in found.items()}

    def _like(self, member: Member) -> Iterator[str]:
        """What members may be like it in, the nearest first."""
        model = self.workspace.plan.members.get(member.parents.get("model", ""), member)
        network = json.dumps(model.spec.get("model"), sort_keys=True)
        method = member.spec.get("attack") or member.spec.get("certifier") or member.spec.get("defense") or {}
        yield f"{member.stage} {network} {method.get('name')} of {model.spec.get('defense', {}).get('name')}"
        yield f"{member.stage} {network} {method.get('name')}"

    @cached_property
    def _alike(self) -> dict[str, list[Member]]:
        found: dict[str, list[Member]] = defaultdict(list)
        for member in self.workspace.plan.members.values():
            found[_kind(member)].append(member)
        return found

    def _taken(self, member: Member) -> Taken | None:
        places = [self.workspace.path(member)] if member.path else []
        places.append(self.workspace.entry(member).payload)
        return next(filter(None, (self._told(place, member) for place in places)), None)

    def _told(self, payload: Path, member: Member) -> Taken | None:
        """What a payload's sidecar says; None where there is none, or one that says nothing here."""
        try:
            sidecar = read_sidecar(payload)
            seconds = float(sidecar.run["seconds"])
        except (ArtifactError, KeyError, TypeError, ValueError):
            return None
        return (
            Taken(seconds * self._scale(sidecar, member), sidecar.payload.bytes)
            if self._is_from_here(sidecar)
            else None
        )

    def _is_from_here(self, sidecar: Sidecar) -> bool:
        """Whether it was made by the processor or GPU that is reckoned with; tables and pages are made anywhere.

        Where that GPU is not here, any GPU tells more than what is stated.
        """
        made = sidecar.environment
        on = made.get("kernels" if made.get("device") == "cuda" else "processor")
        free = sidecar.stage in STAGES and not STAGES[sidecar.stage].computes
        if self.reckoning is None or free:
            return True
        return on in (None, self.reckoning.device) or (made.get("device") == "cuda" and self.reckoning.elsewhere)

    def _scale(self, sidecar: Sidecar, member: Member) -> float:
        """How much more a member is than what was made in its place under earlier parameters."""
        if self.reckoning is None or sidecar.spec == member.spec:
            return 1.0
        try:
            before = self.reckoning.of(member.model_copy(update={"spec": sidecar.spec})).seconds
        except (ValueError, KeyError, TypeError):  # of parameters that are none any more
            return 1.0
        return self.reckoning.of(member).seconds / before if before > 0 else 1.0


def _median(some: list[Taken]) -> Taken:
    return Taken(median(each.seconds for each in some), round(median(each.bytes for each in some)))


def _kind(member: Member) -> str:
    axes = {name: value for name, value in member.axes.items() if name != "seed"}
    return json.dumps([member.stage, member.spec, axes], sort_keys=True)
