"""A stage's view of the project: its inputs, verified; its store; and one way to produce a member."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from distillab.core.errors import ArtifactError
from distillab.core.files import remove_unfinished
from distillab.core.job import Job, Member, Plan
from distillab.core.lineage import Lineage
from distillab.core.locks import exclusive, registered
from distillab.core.provenance import environment, run_record
from distillab.core.recent import Recent
from distillab.core.shown import without_queries
from distillab.core.sidecar import Payload, Sidecar, check_payload, payload_of, read_sidecar
from distillab.core.store import Entry, Store

PARAMS = "params.yaml"
"""The user's file in a project."""

HIDDEN = Path(".distillab")
"""The project's folder for the store, the plans and the register of running stages."""

KEPT = 2**29
"""Bytes of networks and answers that a job keeps loaded, beyond the one that it read last."""
FINGERPRINTS = HIDDEN / "fingerprints"
"""What is known of the user's images that have not changed since they were read."""

Loaded = TypeVar("Loaded")

log = logging.getLogger("distillab")


@dataclass(frozen=True)
class Product:
    """What making a member leaves besides its payload file."""

    device: str
    """Where it was computed."""
    results: dict[str, Any] = field(default_factory=dict)
    """Small deterministic by-products for the sidecar."""
    run: dict[str, Any] = field(default_factory=dict)
    """Measurements of this making, such as seconds and memory: for the sidecar's ``run``."""


Make = Callable[[Member, "Workspace", Entry], Product]
"""Writes ``entry.payload``; may keep ``entry.checkpoint`` while it works."""


@dataclass(eq=False)
class Workspace:
    """One project folder and one plan; a job keeps the data that it loaded, and other inputs while there is room."""

    root: Path
    plan: Plan
    _loaded: dict[str, Any] = field(default_factory=dict)
    _recent: Recent = field(default_factory=lambda: Recent(KEPT))

    @property
    def store(self) -> Store:
        """The project's store."""
        return Store(self.root / HIDDEN / "store")

    def member(self, member_id: str) -> Member:
        """A member of the plan."""
        return self.plan.members[member_id]

    def path(self, member: Member) -> Path:
        """Where a declared member's payload belongs."""
        return self.root / member.path

    def entry(self, member: Member) -> Entry:
        """A member's place in the store."""
        return self.store.entry(member.stage, member.key, Path(member.path).suffix or ".safetensors")

    def payload(self, member: Member) -> Path:
        """Where a member's payload is: at its path, or in the store where it has none."""
        return self.path(member) if member.path else self.entry(member).payload

    @cached_property
    def lineage(self) -> Lineage:
        """The members' parents as they are now."""
        return Lineage(self.plan.members, self.payload)

    def sidecar(self, member_id: str) -> Sidecar:
        """The sidecar of a made member, after its key was checked against the plan's and its parents against theirs.

        Raises:
            ArtifactError: it is absent, describes another member than the plan asks for, or names other parents than
                are there now.
        """
        member = self.member(member_id)
        sidecar = read_sidecar(self.payload(member))
        if sidecar.key != member.key:
            raise ArtifactError(
                "was made from other parameters or code",
                where=member.path or member.id,
                expected=f"key {member.key[:12]}",
                got=sidecar.key[:12],
                do="run snakemake again",
            )
        if change := self.lineage.change(member, sidecar, stored=False):
            raise ArtifactError(
                f"its parent was replaced: {change}",
                where=member.path or member.id,
                do="delete it and run snakemake again",
            )
        self.lineage.note(member, sidecar)
        return sidecar

    def loaded(self, member_id: str, load: Callable[[Path], Loaded]) -> Loaded:
        """An input member's payload as ``load`` reads it, verified when it is read.

        Data are kept for the members of the job; a job of many networks keeps those of them that it read last.

        Raises:
            ArtifactError: the input is absent, damaged, or not what the plan asks for.
        """
        if self.member(member_id).stage != "prepare":
            size = self.payload(self.member(member_id)).stat
            return self._recent.get(member_id, lambda: load(self.verified_path(member_id)), lambda _: size().st_size)
        if member_id not in self._loaded:
            self._loaded[member_id] = load(self.verified_path(member_id))
        kept: Loaded = self._loaded[member_id]
        return kept

    def verified_path(self, member_id: str) -> Path:
        """Where a made member's payload is, after payload and key were checked.

        Raises:
            ArtifactError: it is absent, damaged, or not what the plan asks for.
        """
        path = self.payload(self.member(member_id))
        check_payload(path, self.sidecar(member_id).payload)
        return path

    def produce(self, member: Member, make: Make, *, wait: bool = False) -> Entry:
        """Make ``member`` unless the store has it, and put it at its path if it has one.

        Raises:
            BusyError: another process is making it (unless ``wait``).
        """
        entry = self.entry(member)
        with exclusive(entry.lock, wait=wait):
            remove_unfinished(entry.folder)
            sidecar = self._reusable(member, entry)
            if sidecar is None:
                sidecar = self._make(member, make, entry)
                self._loaded.pop(member.id, None)
                self._recent.forget(member.id)
            else:
                log.info("%s: from the store", member.id)
            self.lineage.note(member, sidecar)
            if member.path:
                entry.copy_to(self.path(member))
        return entry

    def _reusable(self, member: Member, entry: Entry) -> Sidecar | None:
        """The sidecar of a stored member if it was made from the parents that are there now.

        What was made without some parents says why they are missing, and the reasons change.
        """
        if member.incomplete and next(self.lineage.absent(member), None):
            return None
        sidecar = entry.kept(member.key)
        if sidecar is None:
            return None
        if change := self.lineage.change(member, sidecar, stored=True):
            log.warning("%s: made again: its parent was replaced: %s", member.id, change)
            entry.empty()
            return None
        return sidecar

    def _make(self, member: Member, make: Make, entry: Entry) -> Sidecar:
        start = time.perf_counter()
        product = make(member, self, entry)
        seconds = time.perf_counter() - start
        sidecar = self.described(member, payload_of(entry.payload), product, seconds)
        entry.finish(sidecar)
        log.info("%s: made in %.1f s", member.id, seconds)
        return sidecar

    def described(self, member: Member, payload: Payload, product: Product, seconds: float) -> Sidecar:
        """The sidecar of a member that was made here and now, from the parents that are there."""
        return Sidecar(
            stage=member.stage,
            id=member.id,
            key=member.key,
            spec=without_queries(member.spec),
            code=member.code,
            parents=self.lineage.record(member),
            payload=payload,
            environment=environment(product.device, member.threads),
            results=product.results,
            run=run_record(seconds) | product.run,
        )

    @contextmanager
    def running(self, job: Job) -> Iterator[None]:
        """Register this process as the one that runs ``job``."""
        with registered(self.root / HIDDEN / "running", f"{job.stage} {job.id}"):
            yield
