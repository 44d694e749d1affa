"""A finished run in one file: its tables and pages with their sidecars, its parameters, its manifest, its versions.

The file is a zip whose members are stored as they are, in the order of their names and without a time: equal runs give
equal bytes, and nothing in it can grow when it is read. ``bundle.json`` says what it holds, with a SHA-256 each.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from distillab import __version__
from distillab.core.errors import ArtifactError
from distillab.core.files import atomic
from distillab.core.job import Plan
from distillab.core.shown import without_queries
from distillab.core.sidecar import sidecar_path
from distillab.plan.manifest import manifest_of, manifest_text
from distillab.plan.verify import prove

HEAD, PARAMETERS, MANIFEST = "bundle.json", "params.json", "manifest.json"
STAGES = ("collect", "report")
"""Whose payloads are bundled."""

_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
"""A plain file that anybody may read, as a zip says it."""


class BundledFile(BaseModel):
    """Size and SHA-256 of a file of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    bytes: int
    sha256: str


class Bundle(BaseModel):
    """What a bundle says of itself: the run, and every other file in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: Literal["distillab bundle"] = "distillab bundle"
    version: Literal[1] = 1
    distillab: str = __version__
    preset: str
    title: str
    """Of the data set."""
    commit: str
    date: str
    """When the run's last payload was made."""
    environments: tuple[dict[str, Any], ...]
    """Versions, device and machine, each with how many payloads were made with them."""
    files: dict[str, BundledFile]


def write_bundle(path: Path, root: Path, plan: Plan) -> Bundle:
    """Prove a finished run and write its bundle.

    Raises:
        ArtifactError: something is missing, or not what its sidecar says.
    """
    proof = prove(root, plan)
    if proof.faults:
        more = f", and {len(proof.faults) - 1} faults more" if len(proof.faults) > 1 else ""
        raise ArtifactError(
            f"{proof.faults[0]}{more}", where="the run is not proved", do="`distillab verify` lists all"
        )
    contents = {
        PARAMETERS: _json(without_queries(plan.params)),
        MANIFEST: manifest_text(manifest_of(plan, proof.sidecars)).encode(),
    }
    results = Path("results") / plan.preset
    for member in plan.members.values():
        if member.stage in STAGES:
            for file in (Path(member.path), sidecar_path(Path(member.path))):
                contents[file.relative_to(results).as_posix()] = (root / file).read_bytes()
    page = next(PurePosixPath(name).parent for name in sorted(contents) if PurePosixPath(name).name == "run.json")
    run, facts = (json.loads(contents[f"{page}/{name}.json"]) for name in ("run", "facts"))
    bundle = Bundle(
        preset=plan.preset,
        title=facts["title"],
        commit=run["commit"],
        date=run["date"],
        environments=tuple({"payloads": made["payloads"]} | made["environment"] for made in run["environments"]),
        files={name: bundled(content) for name, content in sorted(contents.items())},
    )
    pack(path, {HEAD: _json(bundle.model_dump(mode="json"))} | contents)
    return bundle


def bundled(content: bytes) -> BundledFile:
    """Size and hash of a file."""
    return BundledFile(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def pack(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a zip, atomically; equal files give equal bytes."""
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(contents.items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system, info.external_attr = 3, _MODE
            archive.writestr(info, content)


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
