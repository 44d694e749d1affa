"""The JSON beside every payload: what it is, what it was made from, by which code, and its hash."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from distillab.core.errors import ArtifactError
from distillab.core.files import write_text

SCHEMA = 1
"""Version of the payload and sidecar formats; part of every key."""


class Payload(BaseModel):
    """Size and BLAKE2b-256 hash of a payload file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    bytes: int
    blake2b: str


class Sidecar(BaseModel):
    """Everything known about a payload; only ``run`` may differ between two makings of the same spec."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: int = SCHEMA
    stage: str
    id: str
    key: str
    """Identity: hash of the spec, the code and the parents' keys."""
    spec: dict[str, Any]
    code: str
    """Hash of the syntax trees of the modules that made the payload."""
    parents: dict[str, str]
    """Role to key."""
    payload: Payload
    environment: dict[str, str]
    """Versions, device kind and machine type."""
    results: dict[str, Any] = {}
    """Small deterministic by-products, e.g. the training history."""
    accepted: tuple[str, ...] = ()
    """Code hashes that a person declared equivalent to ``code``."""
    run: dict[str, Any] = {}
    """When, where and how long: the only block that may differ between equal runs."""


def sidecar_path(payload: Path) -> Path:
    """Where the sidecar of ``payload`` lives: its name followed by ``.json``."""
    return payload.with_name(f"{payload.name}.json")


def file_hash(path: Path) -> str:
    """BLAKE2b-256 of a file's bytes, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=32)).hexdigest()


def payload_of(path: Path) -> Payload:
    """Size and hash of the file at ``path``."""
    return Payload(bytes=path.stat().st_size, blake2b=file_hash(path))


def write_sidecar(payload: Path, sidecar: Sidecar) -> None:
    """Write the sidecar of ``payload`` atomically, keys in a fixed order."""
    write_text(sidecar_path(payload), json.dumps(sidecar.model_dump(mode="json"), indent=1, sort_keys=True) + "\n")


def read_sidecar(payload: Path) -> Sidecar:
    """The sidecar of ``payload``.

    Raises:
        ArtifactError: it is absent, or not a sidecar of this version.
    """
    path = sidecar_path(payload)
    try:
        sidecar = Sidecar.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ArtifactError("no sidecar", where=str(payload), expected=str(path), do=_REMEDY) from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise ArtifactError("not a distillab sidecar", where=str(path), do=_REMEDY) from error
    if sidecar.schema_version != SCHEMA:
        raise ArtifactError(
            "of another version of distillab",
            where=str(path),
            expected=f"format {SCHEMA}",
            got=str(sidecar.schema_version),
            do=_REMEDY,
        )
    return sidecar


def verified(payload: Path) -> Sidecar:
    """The sidecar of ``payload``, after its bytes were checked against it.

    Raises:
        ArtifactError: the payload is absent, truncated, edited or foreign.
    """
    sidecar = read_sidecar(payload)
    if not payload.is_file():
        raise ArtifactError("missing", where=str(payload), do=_REMEDY)
    found = payload_of(payload)
    if found.bytes != sidecar.payload.bytes:
        raise ArtifactError(
            "truncated or edited",
            where=str(payload),
            expected=f"{sidecar.payload.bytes} bytes",
            got=str(found.bytes),
            do=_REMEDY,
        )
    if found.blake2b != sidecar.payload.blake2b:
        raise ArtifactError(
            "edited or foreign",
            where=str(payload),
            expected=f"BLAKE2b {sidecar.payload.blake2b[:12]}...",
            got=f"{found.blake2b[:12]}...",
            do=_REMEDY,
        )
    return sidecar


_REMEDY = "delete the file and its sidecar, then run snakemake again"
