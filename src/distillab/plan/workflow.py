"""Checks at the top of the workflow: what would make Snakemake say "nothing to be done" and be wrong."""

import base64
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from distillab.core.errors import ArtifactError, DistillabError, SpecError
from distillab.core.job import Member, Plan
from distillab.core.locks import hold_run, refuse_beside_run
from distillab.core.sidecar import read_sidecar, sidecar_path
from distillab.core.signals import end_with_stages_on_signals
from distillab.core.workspace import HIDDEN

log = logging.getLogger("distillab")

METADATA = Path(".snakemake/metadata")

LONGEST = 254
"""Snakemake cuts names of its records one character below the file system's limit."""


def find_own_programs() -> None:
    """Put this environment's programs first on PATH: shell rules must find them even where nobody activated it."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End snakemake with the line of an error, as Snakemake itself would show a traceback."""
    try:
        yield
    except DistillabError as error:
        sys.exit("\n".join(f"distillab: {line}" for line in str(error).splitlines()))


def mention_run() -> None:
    """Warn where a run goes on: Snakemake's own advice, to unlock, would be wrong then."""
    try:
        refuse_beside_run(HIDDEN)
    except ArtifactError as error:
        log.warning("distillab: %s", error)


def become_master() -> None:
    """Be the one run of the project, which ends together with its stages when it is asked to end.

    Raises:
        ArtifactError: another run goes on.
    """
    hold_run(HIDDEN)
    end_with_stages_on_signals()


def foreign_config(config: Mapping[str, object]) -> None:
    """Refuse ``snakemake --config``: DVC would not see it, and a later checkout would call its results current.

    Raises:
        SpecError: a value was given on the command line.
    """
    if config:
        raise SpecError(
            "parameters are read from params.yaml only",
            where="snakemake --config",
            got=", ".join(f"{key}={value}" for key, value in config.items()),
            do="edit params.yaml, or run `distillab use PRESET`",
        )


def refuse_untracked(plan: Plan, root: Path = Path()) -> None:
    """Refuse outputs that Snakemake would take for current although nothing proves it.

    Without its record of an output's parameters, Snakemake trusts any file that is newer than its inputs. Such a
    file is accepted only if its sidecar says that it is what the plan asks for. Snakemake does not see sidecars: one
    that is gone is noticed here.

    Raises:
        ArtifactError: an output has no sidecar, a foreign one, or a stale one without Snakemake's record.
    """
    for member in plan.members.values():
        if member.path and (root / member.path).exists() and not _proved(member, root):
            _refuse_stale(member, root)


def _proved(member: Member, root: Path) -> bool:
    """Whether Snakemake has its record of an output, and the output its sidecar."""
    if not sidecar_path(root / member.path).exists():
        return False
    return (root / METADATA).joinpath(*record_name(member.path)).exists()


def record_name(path: str) -> tuple[str, ...]:
    """Parts of the path of Snakemake's record of a file: its name in URL-safe base64, cut where names get too long."""
    name = base64.urlsafe_b64encode(path.encode()).decode()
    parts = [name[start : start + LONGEST] for start in range(0, len(name), LONGEST)]
    return (*(f"@{part}" for part in parts[:-1]), parts[-1])


def _refuse_stale(member: Member, root: Path) -> None:
    sidecar = read_sidecar(root / member.path)
    if sidecar.key != member.key:
        raise ArtifactError(
            "comes from other parameters or code, and Snakemake has no record of how it was made",
            where=member.path,
            expected=f"key {member.key[:12]}",
            got=sidecar.key[:12],
            do="restore the record with `dvc checkout .snakemake/metadata`, or delete the file to have it made again",
        )
