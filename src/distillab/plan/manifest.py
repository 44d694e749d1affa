"""The manifest of a finished run: what every payload was when the run was proved, in one file to keep elsewhere.

A sidecar that was written anew, digest and all, fits its forged payload; it does not fit the manifest.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from distillab import __version__
from distillab.core.errors import ArtifactError
from distillab.core.files import write_text
from distillab.core.job import Plan
from distillab.core.shown import without_queries
from distillab.core.sidecar import SCHEMA, Sidecar


class ManifestEntry(BaseModel):
    """One payload: its identity, and the BLAKE2b-256 hashes of its bytes and of its sidecar."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str
    payload: str
    sidecar: str


class Manifest(BaseModel):
    """A run: its parameters, its code, its payloads by path."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_version: int = SCHEMA
    distillab: str = __version__
    preset: str
    params: str
    """Hash of the resolved parameters."""
    code: str
    """Hash of the code hashes of all payloads."""
    payloads: dict[str, ManifestEntry]


def manifest_path(root: Path, preset: str) -> Path:
    """Where a preset's manifest is."""
    return root / "results" / preset / "manifest.json"


def manifest_of(plan: Plan, sidecars: dict[str, Sidecar]) -> Manifest:
    """The manifest of a run whose payloads have these sidecars, by path."""
    return Manifest(
        preset=plan.preset,
        params=params_hash(plan.params),
        code=_hash({member.id: member.code for member in plan.members.values()}),
        payloads={path: entry_of(sidecar) for path, sidecar in sidecars.items()},
    )


def params_hash(params: dict[str, Any]) -> str:
    """Hash of resolved parameters, as a bundle shows them."""
    return _hash(without_queries(params))


def entry_of(sidecar: Sidecar) -> ManifestEntry:
    """What the manifest keeps of a payload."""
    return ManifestEntry(key=sidecar.key, payload=sidecar.payload.blake2b, sidecar=sidecar.digest)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the manifest atomically."""
    write_text(path, manifest_text(manifest))


def manifest_text(manifest: Manifest) -> str:
    """The manifest as JSON, one line per payload."""
    head = json.dumps(manifest.model_dump(exclude={"payloads"}), indent=1)
    lines = [f"{json.dumps(path)}: {entry.model_dump_json()}" for path, entry in sorted(manifest.payloads.items())]
    return head.removesuffix("\n}") + ',\n "payloads": {\n  ' + ",\n  ".join(lines) + "\n }\n}\n"


def read_manifest(path: Path) -> Manifest | None:
    """The manifest at ``path``; none where there is no file.

    Raises:
        ArtifactError: it is not a manifest of this version.
    """
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise ArtifactError(
            "not a manifest of this version", where=str(path), do="write it anew with `distillab verify --write`"
        ) from error


def _hash(content: Any) -> str:  # noqa: ANN401 - any JSON value
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=32).hexdigest()
