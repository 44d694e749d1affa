"""The plan as data: members (one payload each), jobs (members made by one process), shapes (one rule each)."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from distillab.core.errors import ArtifactError, SpecError
from distillab.core.files import write_bytes
from distillab.core.sidecar import SCHEMA


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


class Job(_Record):
    """The members one process makes, in order."""

    stage: str
    id: str
    """The values of the stage's unbatched axes, or ``all``."""
    wildcards: dict[str, str]
    members: tuple[str, ...]
    inputs: tuple[str, ...]
    digest: str
    """Hash of the members' keys: the only parameter Snakemake compares."""
    threads: int


class Shape(_Record):
    """One Snakemake rule: output patterns with the batched axes written out."""

    rule: str
    stage: str
    outputs: tuple[str, ...]
    constraints: dict[str, str]
    jobs: tuple[Job, ...]

    def has(self, wildcards: dict[str, str]) -> bool:
        """Whether one of its jobs has these wildcard values."""
        return any(job.wildcards == wildcards for job in self.jobs)

    def job(self, wildcards: dict[str, str]) -> Job:
        """The job with these wildcard values."""
        wanted = {name: wildcards[name] for name in self.constraints}
        for job in self.jobs:
            if job.wildcards == wanted:
                return job
        raise SpecError("not in the plan", where=self.rule, got=str(wanted), do="see `distillab plan`")


class Plan(_Record):
    """Everything one params file asks for."""

    preset: str
    params: dict[str, Any]
    members: dict[str, Member]
    shapes: tuple[Shape, ...]
    studies: dict[str, tuple[str, ...]]
    """Study to the ids of the members its report needs."""
    facts: dict[str, Any]
    """What reports say about the data set and the run."""

    def stage(self, name: str) -> tuple[Shape, ...]:
        """The rules of one stage."""
        return tuple(shape for shape in self.shapes if shape.stage == name)

    def find_job(self, stage: str, job_id: str) -> Job:
        """One job by its id.

        Raises:
            SpecError: there is none; lists those there are.
        """
        jobs = {job.id: job for shape in self.stage(stage) for job in shape.jobs}
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
