"""What stands behind a payload now, to compare with what its sidecar says it was made from."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.job import Member
from distillab.core.sidecar import Parent, Sidecar, read_sidecar, sidecar_path


@dataclass(frozen=True)
class Change:
    """A parent that is not the one a payload was made from."""

    parent: Member
    recorded: Parent | None
    now: Parent | None

    def __str__(self) -> str:
        """One clause: which parent, what was recorded, what is there."""
        before = f"BLAKE2b {self.recorded.blake2b[:12]}..." if self.recorded else "none recorded"
        now = f"{self.now.blake2b[:12]}... now" if self.now else "missing"
        return f"{self.parent.path or self.parent.id} is {now}, and it was made from {before}"


@dataclass
class Lineage:
    """The parents of a plan's members as they are in the project; each is looked at once."""

    members: Mapping[str, Member]
    payload: Callable[[Member], Path]
    """Where a member's payload is."""
    _present: dict[str, Parent | None] = field(default_factory=dict)

    def parents(self, member: Member) -> Iterator[tuple[str, Member]]:
        """The parents by role; behind one that is in the store only, its own, as ``answers/teacher``."""
        for role, parent_id in member.parents.items():
            parent = self.members[parent_id]
            yield role, parent
            if not parent.path:
                yield from ((f"{role}/{further}", ancestor) for further, ancestor in self.parents(parent))

    def note(self, member: Member, sidecar: Sidecar) -> None:
        """Remember what was just read or made."""
        self._present[member.id] = sidecar.as_parent

    def present(self, member: Member) -> Parent | None:
        """A member as it is now; none where it is absent, or damaged in the store, which makes it again.

        Raises:
            ArtifactError: its sidecar in the project is damaged.
        """
        if member.id not in self._present:
            self._present[member.id] = self._look(member)
        return self._present[member.id]

    def _look(self, member: Member) -> Parent | None:
        payload = self.payload(member)
        if not sidecar_path(payload).exists():
            return None
        try:
            return read_sidecar(payload).as_parent
        except ArtifactError:
            if member.path:
                raise
            return None

    def record(self, member: Member) -> dict[str, Parent]:
        """Every parent as it is now.

        Raises:
            ArtifactError: one is absent, and the member is not made from what there is.
        """
        found: dict[str, Parent] = {}
        for role, parent in self.parents(member):
            now = self._seen_by(member, parent)
            if now is not None:
                found[role] = now
            elif not member.incomplete:
                raise ArtifactError("missing", where=parent.path or parent.id, do="run snakemake to make it")
        return found

    def absent(self, member: Member) -> Iterator[Member]:
        """The parents that should stand in the project and do not."""
        for _role, parent in self.parents(member):
            if parent.path and self._seen_by(member, parent) is None:
                yield parent

    def _seen_by(self, member: Member, parent: Member) -> Parent | None:
        """A parent as it is now; a damaged one is none to a member that is made from what there is."""
        try:
            return self.present(parent)
        except ArtifactError:
            if member.incomplete:
                return None
            raise

    def change(self, member: Member, sidecar: Sidecar, *, stored: bool) -> Change | None:
        """The first parent that is not the one that ``sidecar`` names.

        A parent that is gone by now is no change, unless its absence would have made the payload another one.

        Args:
            member: whose sidecar it is.
            sidecar: what is recorded.
            stored: whether parents that live in the store only are compared, too. What stands in the project may have
                come without its store, whose entries are then made again by whoever needs them.
        """
        for role, parent in self.parents(member):
            now = self._seen_by(member, parent) if parent.path or stored else None
            recorded = sidecar.parents.get(role)
            if now != recorded and (now is not None or member.incomplete):
                return Change(parent, recorded, now)
        return None

    def identity(self, member: Member) -> str:
        """Hash of what the member is and of the very bytes that it is made from."""
        parents = {role: parent.blake2b for role, parent in self.record(member).items()}
        return hashlib.blake2b(json.dumps([member.key, parents], sort_keys=True).encode(), digest_size=16).hexdigest()
