"""The store: every member ever made, under its key, outside the workflow's declared outputs.

Snakemake deletes the outputs of a failed or killed job, finished members too; the store keeps them, so the job
that runs again repeats only what is missing. A sidecar is written after its payload: an entry without one is
unfinished.
"""

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.files import atomic, remove_unfinished
from distillab.core.sidecar import Sidecar, read_sidecar, sidecar_path, verified, write_sidecar

log = logging.getLogger("distillab")


@dataclass(frozen=True)
class Entry:
    """One member's place in the store."""

    folder: Path
    suffix: str

    @property
    def payload(self) -> Path:
        """The payload file."""
        return self.folder / f"payload{self.suffix}"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of an unfinished member."""
        return self.folder / "checkpoint.safetensors"

    @property
    def lock(self) -> Path:
        """The file whose lock the writer holds."""
        return self.folder / "lock"

    def beside(self, suffix: str) -> Path:
        """A file that is kept with the payload and put beside it, under its name with another suffix."""
        return self.folder / f"beside{suffix}"

    def kept(self, key: str) -> Sidecar | None:
        """The sidecar of member ``key`` if it is here and whole; else the entry is emptied, and the log says why."""
        try:
            sidecar = verified(self.payload)
        except ArtifactError as error:
            if sidecar_path(self.payload).exists():
                log.warning("made again: %s", error.fault)
            self.empty()
            return None
        if sidecar.key != key:
            log.warning("made again: %s is another member's, %s with key %s", self.payload, sidecar.id, sidecar.key)
            self.empty()
            return None
        return sidecar

    def empty(self) -> None:
        """Remove the payload, what is beside it, and its sidecar; what is unfinished stays."""
        for path in (self.payload, *self.folder.glob("beside.*")):
            path.unlink(missing_ok=True)
        sidecar_path(self.payload).unlink(missing_ok=True)

    def finish(self, sidecar: Sidecar) -> None:
        """Declare the payload complete."""
        write_sidecar(self.payload, sidecar)
        self.checkpoint.unlink(missing_ok=True)

    def copy_to(self, output: Path) -> None:
        """Put copies of sidecar, payload and what is beside it where the workflow wants them, each atomically.

        The payload comes last: who waits for it, as Snakemake on a shared disk, finds the sidecar too. For the holder
        of the lock alone.
        """
        beside = [(path, output.with_suffix(path.suffix)) for path in sorted(self.folder.glob("beside.*"))]
        for source, target in (*beside, (sidecar_path(self.payload), sidecar_path(output)), (self.payload, output)):
            remove_unfinished(target.parent, target.name)
            with atomic(target) as temporary:
                shutil.copyfile(source, temporary)


@dataclass(frozen=True)
class Store:
    """A folder of entries."""

    root: Path

    def entry(self, stage: str, key: str, suffix: str) -> Entry:
        """The entry of a member, existing or not."""
        return Entry(self.root / stage / key[:2] / key, suffix)

    def entries(self) -> Iterator[Path]:
        """The folders of all entries, finished or not."""
        yield from sorted(path for path in self.root.glob("*/*/*") if path.is_dir())

    def describe(self, folder: Path) -> Sidecar | None:
        """The sidecar of an entry's folder; none where the entry is unfinished or unreadable."""
        for payload in folder.glob("payload.*"):
            if not payload.name.endswith(".json") or payload.name == "payload.json":
                try:
                    return read_sidecar(payload)
                except ArtifactError:
                    return None
        return None
