"""The user's own images and labels in the identity of what is prepared from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distillab.core.errors import ArtifactError
from distillab.core.fingerprints import content_of, fingerprint
from distillab.core.job import fill_pattern
from distillab.core.sidecar import read_sidecar, sidecar_path
from distillab.core.stages import STAGES
from distillab.core.workspace import FINGERPRINTS
from distillab.params.root import Params
from distillab.plan.members import Roster
from distillab.specs.data import DataSpec

IMAGES = "images"


def add_prepared(roster: Roster, member_id: str, data: DataSpec, part: str, *, holds: str) -> str:
    """Add what a data set is prepared to, and return its id.

    Args:
        roster: joined.
        member_id: of the member.
        data: the data set.
        part: what its path is named after.
        holds: ``images``, or ``split`` for the index of the splits.
    """
    facts = {"part": holds} | _content(data, roster.root, _payload(roster.params, roster.root, part))
    return roster.add("prepare", member_id, {"part": part}, {"data": data}, facts=facts)


def contents_of(params: Params, root: Path) -> dict[str, str]:
    """Every file and folder of the user's images and labels, and what it holds; empty where nothing is."""
    kept = root / FINGERPRINTS
    found = {str(path): fingerprint(path, kept) for data in _data_sets(params) for path in data.own_files()}
    if "" in found.values():  # what was prepared elsewhere says what it was made from, and may come later
        sidecar = sidecar_path(_payload(params, root, IMAGES))
        found[str(sidecar)] = fingerprint(sidecar, kept)
    return found


def _data_sets(params: Params) -> Iterator[DataSpec]:
    yield params.data
    yield from (thief.data for thief in params.all_thieves.values() if thief.data)


def _content(data: DataSpec, root: Path, payload: Path) -> dict[str, Any]:
    """What the files hold; where they are not here, what they held when they were prepared."""
    files = data.own_files()
    if content := content_of(files, root / FINGERPRINTS):
        return {"content": content}
    return _prepared(payload, data) if files else {}


def _prepared(payload: Path, data: DataSpec) -> dict[str, Any]:
    try:
        spec = read_sidecar(payload).spec
    except ArtifactError:
        return {}
    same = spec.get("data") == data.plain() and "content" in spec
    return {"content": spec["content"]} if same else {}


def _payload(params: Params, root: Path, part: str) -> Path:
    return root / "results" / params.preset / fill_pattern(STAGES["prepare"].pattern, {"part": part})
