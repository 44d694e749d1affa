"""The plan as data: members (one payload each) and jobs (members made by one process)."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.files import write_bytes
from distillab.core.identity import ModelIdentity
from distillab.core.sidecar import SCHEMA

UNKNOWN_MINUTES = 60
"""Where nobody has measured a network's speed yet: `distillab plan` does."""

UNRECKONED = "work that nobody can reckon"
"""Key of passes whose speed nobody will ever know: of networks from elsewhere, and of images that only files count."""

LEAST_MINUTES, SLACK = 10, 3
"""Waiting in a queue costs little, and a job that is cut off costs all of it."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Record):
    """One payload: what it is, what it is made of, and where it goes."""

    stage: str
    id: str
    """Flat and unique in the plan; safe in file names and as a wildcard."""
    axes: dict[str, str]
    """The wildcards of its path."""
    spec: dict[str, Any]
    seed: int
    parents: dict[str, str]
    """Role to member id."""
    code: str
    key: str
    path: str
    """Relative to the project; empty for a payload that lives in the store only."""
    threads: int = 1
    incomplete: bool = False
    """Whether it is made from the parents that there are."""
    model: ModelIdentity | None = None
    """Which trained network its weights are; None of everything else."""


class Job(_Record):
    """The members one process makes, in order."""

    stage: str
    id: str
    """The values of the stage's unbatched axes, or ``all``; and for whom, where that is not everybody."""
    members: tuple[str, ...]
    inputs: tuple[str, ...]
    """The outputs of the jobs that make what it reads."""
    output: str
    """What Snakemake waits for: the job's receipt, or its page."""
    digest: str
    """Hash of the members' keys: the only parameter Snakemake compares."""
    threads: int
    memory_mb: int = 0
    passes: dict[str, int] = {}
    """Image passes by the key under which their speed on a machine is kept."""
    stated: dict[str, float] = {}
    """Seconds of an image pass by the same keys, where the GPU that would be timed is not here."""

    @property
    def writes_receipt(self) -> bool:
        """Whether its output is a receipt, and not a page."""
        return self.output.endswith(".json")

    def minutes(self, seconds_per_image: Mapping[str, float]) -> int:
        """What to ask a cluster for: the passes at the speeds that are known or stated, with slack; else an hour."""
        speeds = {**self.stated, **seconds_per_image}
        if any(key not in speeds for key in self.passes):
            return UNKNOWN_MINUTES
        seconds = sum(count * speeds[key] for key, count in self.passes.items())
        return max(LEAST_MINUTES, round(SLACK * seconds / 60))


class Plan(_Record):
    """Everything one params file asks for."""

    preset: str
    params: dict[str, Any]
    members: dict[str, Member]
    jobs: tuple[Job, ...]
    studies: dict[str, tuple[str, ...]]
    """Study to the outputs that are asked for with its name."""
    facts: dict[str, Any]
    """What reports say about the data set and the run."""
    files: dict[str, str] = {}
    """Files of the user's that it was made from, and BLAKE2b-256 of each."""
    computes_on: str = "cpu"
    """``cuda`` or ``cpu``: where its networks are made, as torch saw it where this was planned."""
    data_files: dict[str, str] = {}
    """Files and folders of the user's images and labels, and what each holds; empty where nothing is."""

    @property
    def device(self) -> str:
        """Where to compute, as far as the machine has it; no part of any identity: sidecars say where it was."""
        return str(self.params["device"])

    def stage(self, name: str) -> tuple[Job, ...]:
        """The jobs of one stage."""
        return tuple(job for job in self.jobs if job.stage == name)

    def find_job(self, stage: str, job_id: str) -> Job:
        """One job by its id.

        Raises:
            SpecError: there is none; lists those there are.
        """
        jobs = {job.id: job for job in self.stage(stage)}
        if job_id not in jobs:
            raise SpecError(f"unknown {stage} job", expected=f"one of {', '.join(jobs) or 'none'}", got=job_id)
        return jobs[job_id]


def member_key(stage: str, identity: dict[str, Any], code: str, parents: dict[str, str]) -> str:
    """Identity of a payload: BLAKE2b over its stage, spec, code and parents' keys."""
    content = json.dumps([SCHEMA, stage, identity, code, parents], sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def fill_pattern(pattern: str, values: dict[str, str]) -> str:
    """``pattern`` with the named wildcards replaced and the others left standing."""
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), pattern)


def write_plan(path: Path, plan: Plan) -> None:
    """Write ``plan`` to ``path``, whose name says what it was made from, with a digest of both."""
    write_bytes(path, _proved(path, plan.model_dump_json().encode()))


def read_plan(path: Path) -> Plan:
    """The plan stored at ``path``.

    Raises:
        ArtifactError: it is absent, edited, another's under this name, or not a plan of this version.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError("no such plan", where=str(path), do="run snakemake or `distillab plan`") from error
    text = content.partition(b"\n")[2].removesuffix(b"}\n").removeprefix(b'"plan": ')
    if content != _proved(path, text):
        raise ArtifactError("edited, or not a distillab plan", where=str(path), do="delete it and run again")
    try:
        return Plan.model_validate_json(text)
    except ValidationError as error:
        raise ArtifactError("not a plan of this version", where=str(path), do="delete it and run again") from error


def _proved(path: Path, text: bytes) -> bytes:
    digest = hashlib.blake2b(path.stem.encode() + b"\n" + text, digest_size=32).hexdigest()
    return b'{"digest": "%s",\n"plan": %s}\n' % (digest.encode(), text)
