"""A manifest keeps what a run was: every hash of every payload, and what it was asked for."""

import json

import pytest

from distillab.core.errors import ArtifactError
from distillab.core.job import Member, Plan
from distillab.core.sidecar import Payload, Sidecar
from distillab.plan.manifest import Entry, entry_of, manifest_of, manifest_path, read_manifest, write_manifest


def plan_of(params, code="c"):
    member = Member(stage="teach", id="ce", axes={}, spec={}, seed=0, parents={}, code=code, key="k", path="results/ce")
    return Plan(preset="tiny", params=params, members={"ce": member}, shapes=(), studies={}, facts={})


def sidecar(number):
    return Sidecar(stage="teach", id="ce", key=f"key {number}", spec={}, code="c", parents={}, environment={},
                   payload=Payload(bytes=1, blake2b=f"hash {number}"), results={"n": number})  # fmt: skip


SIDECARS = {"results/b": sidecar(2), "results/a": sidecar(1)}


def test_an_entry_has_the_three_hashes_of_its_payload():
    assert entry_of(sidecar(1)) == Entry(key="key 1", payload="hash 1", sidecar=sidecar(1).digest)
    assert entry_of(sidecar(1)).sidecar != entry_of(sidecar(2)).sidecar


def test_parameters_and_code_have_hashes_of_their_own():
    one, other, recoded = (
        manifest_of(plan_of(p, c), SIDECARS) for p, c in (({"a": 1}, "c"), ({"a": 2}, "c"), ({"a": 1}, "d"))
    )
    assert one.params != other.params
    assert one.code == other.code
    assert one.params == recoded.params
    assert one.code != recoded.code


def test_a_manifest_survives_the_disk_one_line_a_payload(tmp_path):
    manifest, path = manifest_of(plan_of({}), SIDECARS), manifest_path(tmp_path, "tiny")
    assert read_manifest(path) is None
    write_manifest(path, manifest)
    assert read_manifest(path) == manifest
    lines = path.read_text().splitlines()
    assert [line.split(": ")[0] for line in lines if "results/" in line] == ['  "results/a"', '  "results/b"']
    assert list(json.loads(path.read_text())["payloads"]) == ["results/a", "results/b"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"schema_version": 1}'])
def test_anything_else_is_one_line(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ArtifactError, match="not a manifest of this version; write it anew"):
        read_manifest(tmp_path / "manifest.json")
