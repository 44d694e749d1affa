"""Is a finished run what it says it is? Every payload, every sidecar, every parent; and all of them as in the manifest.

The plan is built anew: neither a cached one nor the store is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from distillab.core.errors import ArtifactError
from distillab.core.job import Member, Plan
from distillab.core.sidecar import Sidecar, check_payload
from distillab.core.workspace import Workspace
from distillab.plan.manifest import Manifest, entry_of, manifest_of


@dataclass(frozen=True)
class Proof:
    """What was found in the project."""

    sidecars: dict[str, Sidecar]
    """Of the payloads that are what their sidecars say, by path."""
    faults: tuple[str, ...]
    """One line for each payload that is not."""


def prove(root: Path, plan: Plan) -> Proof:
    """Check every declared payload against its sidecar, and every sidecar against the plan and its parents."""
    workspace = Workspace(root, plan)
    sidecars: dict[str, Sidecar] = {}
    faults: list[str] = []
    for member in plan.members.values():
        if member.path:
            try:
                sidecars[member.path] = _proved(member, workspace)
            except ArtifactError as error:
                faults.append(error.fault)
    return Proof(sidecars, tuple(faults))


def _proved(member: Member, workspace: Workspace) -> Sidecar:
    """The sidecar of a member that is what the plan asks for.

    Raises:
        ArtifactError: something about it is not.
    """
    sidecar = workspace.sidecar(member.id)
    check_payload(workspace.path(member), sidecar.payload)
    planned = {"stage": member.stage, "id": member.id, "spec": member.spec, "code": member.code}
    for name, value in planned.items():
        if getattr(sidecar, name) != value:
            raise ArtifactError(f"its sidecar names another {name} than the plan", where=member.path)
    return sidecar


def compare(plan: Plan, proof: Proof, manifest: Manifest) -> Iterator[str]:
    """One line for each thing that is not as in the manifest."""
    now = manifest_of(plan, proof.sidecars)
    for name in ("preset", "params", "code"):
        if (kept := getattr(manifest, name)) != getattr(now, name):
            yield f"{name}: {getattr(now, name)[:12]} now, {kept[:12]} in the manifest"
    for path in manifest.payloads.keys() - {member.path for member in plan.members.values()}:
        yield f"{path}: in the manifest, and not in the plan"
    for path, sidecar in proof.sidecars.items():
        if path not in manifest.payloads:
            yield f"{path}: not in the manifest"
            continue
        entry, kept_entry = entry_of(sidecar), manifest.payloads[path]
        for name in ("key", "payload", "sidecar"):
            if (here := getattr(entry, name)) != (kept := getattr(kept_entry, name)):
                yield f"{path}: {name} {here[:12]}... is not that of the manifest, {kept[:12]}..."
