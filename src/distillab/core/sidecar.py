"""The JSON beside every payload: what it is, what it was made from, by which code, and the hashes of both."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from distillab.core.errors import ArtifactError
from distillab.core.files import write_text

SCHEMA = 2
"""Version of the payload and sidecar formats; part of every key."""


class Payload(BaseModel):
    """Size and BLAKE2b-256 hash of a payload file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    bytes: int
    blake2b: str


class Parent(BaseModel):
    """What a payload was made from: the parent's identity, and the bytes that it had then."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str
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
    parents: dict[str, Parent]
    """Role to parent; ``answers/teacher`` is the teacher of answers that are in the store only."""
    payload: Payload
    environment: dict[str, str]
    """Versions, device kind and machine: what moves the last bits."""
    results: dict[str, Any] = {}
    """Small deterministic by-products, e.g. the training history."""
    run: dict[str, Any] = {}
    """When, where and how long: the only block that may differ between equal runs."""

    @property
    def digest(self) -> str:
        """BLAKE2b-256 of everything but the run block, as canonical JSON."""
        return _digest(self.model_dump(mode="json"))

    @property
    def as_parent(self) -> Parent:
        """What a child records about this payload."""
        return Parent(key=self.key, blake2b=self.payload.blake2b)


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
    """Write the sidecar of ``payload`` with its digest, atomically, keys in a fixed order."""
    content = sidecar.model_dump(mode="json") | {"digest": sidecar.digest}
    write_text(sidecar_path(payload), json.dumps(content, indent=1, sort_keys=True) + "\n")


def read_sidecar(payload: Path) -> Sidecar:
    """The sidecar of ``payload``, after it was checked against its own digest.

    Raises:
        ArtifactError: it is absent, edited, or not a sidecar of this version.
    """
    path = sidecar_path(payload)
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        if not payload.exists():
            raise ArtifactError("not there", where=str(payload), do="run snakemake again") from error
        raise ArtifactError("no sidecar", where=str(payload), expected=str(path), do=_REMEDY) from error
    return parsed_sidecar(text, where=str(path))


def parsed_sidecar(text: bytes, *, where: str) -> Sidecar:
    """A sidecar from its text, after it was checked against its own digest.

    Raises:
        ArtifactError: it is edited, or not a sidecar of this version.
    """
    content = _object(text, where)
    if (version := content.get("schema_version")) != SCHEMA:
        raise ArtifactError(
            "of another version of distillab",
            where=where,
            expected=f"format {SCHEMA}",
            got=str(version),
            do=_REMEDY,
        )
    recorded, found = str(content.pop("digest", "none")), _digest(content)
    if recorded != found:
        raise ArtifactError(
            "edited",
            where=where,
            expected=f"digest {recorded[:12]}...",
            got=f"{found[:12]}...",
            do=_REMEDY,
        )
    try:
        return Sidecar.model_validate(content)
    except ValidationError as error:
        raise ArtifactError("not a distillab sidecar", where=where, do=_REMEDY) from error


def verified(payload: Path) -> Sidecar:
    """The sidecar of ``payload``, after its bytes were checked against it.

    Raises:
        ArtifactError: the payload is absent, truncated, edited or foreign.
    """
    sidecar = read_sidecar(payload)
    check_payload(payload, sidecar.payload)
    return sidecar


def check_payload(path: Path, recorded: Payload) -> None:
    """Compare a file with its recorded size and hash.

    Raises:
        ArtifactError: it is absent, truncated, edited or foreign.
    """
    if not path.is_file():
        raise ArtifactError("missing", where=str(path), do=_REMEDY)
    found = payload_of(path)
    if found.bytes != recorded.bytes:
        raise ArtifactError(
            "truncated or edited",
            where=str(path),
            expected=f"{recorded.bytes} bytes",
            got=str(found.bytes),
            do=_REMEDY,
        )
    if found.blake2b != recorded.blake2b:
        raise ArtifactError(
            "edited or foreign",
            where=str(path),
            expected=f"BLAKE2b {recorded.blake2b[:12]}...",
            got=f"{found.blake2b[:12]}...",
            do=_REMEDY,
        )


def _object(text: bytes, where: str) -> dict[str, Any]:
    """The JSON object in a text; only one with a version can be told from any other JSON."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArtifactError("not a distillab sidecar", where=where, do=_REMEDY) from error
    if not isinstance(content, dict) or "schema_version" not in content:
        raise ArtifactError("not a distillab sidecar", where=where, do=_REMEDY)
    return content


def _digest(content: dict[str, Any]) -> str:
    said = {name: value for name, value in content.items() if name != "run"}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=32).hexdigest()


_REMEDY = "delete the file and its sidecar, then run snakemake again"
