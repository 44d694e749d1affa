"""Producing members: made once, kept in the store, checked when read."""

import subprocess
import sys

import pytest
import torch

from distillab.core.errors import ArtifactError, ContractError
from distillab.core.job import Job, Member, Plan
from distillab.core.locks import exclusive, living
from distillab.core.payloads import load_tensors, save_tensors
from distillab.core.recent import Recent
from distillab.core.sidecar import Parent, file_hash, read_sidecar, sidecar_path
from distillab.core.workspace import Product, Workspace


def member(member_id, path, parents=None):
    key = f"{member_id:x<32}"
    fields = {"spec": {"eps": 0.1}, "code": "c", "parents": parents or {}}
    return Member(stage="teach", id=member_id, axes={}, seed=0, key=key, path=path, **fields)


PARENT = member("parent", "results/t/parent.safetensors")
CHILD = member("child", "results/t/child.safetensors", parents={"teacher": "parent"})
HIDDEN_MEMBER = member("hidden", "")


@pytest.fixture
def workspace(tmp_path):
    members = {one.id: one for one in (PARENT, CHILD, HIDDEN_MEMBER)}
    return Workspace(tmp_path, Plan(preset="t", params={}, members=members, jobs=(), studies={}, facts={}))


class Maker:
    """Writes one tensor and counts how often it was asked to."""

    def __init__(self):
        self.calls = 0

    def __call__(self, _member, _workspace, entry):
        self.calls += 1
        save_tensors(entry.payload, {"x": torch.arange(3)})
        return Product("cpu", {"history": [1.5]}, {"step_seconds": 0.25})


def test_a_member_is_made_once_and_put_at_its_path(workspace):
    make = Maker()
    workspace.produce(PARENT, make)
    path = workspace.path(PARENT)
    before = path.read_bytes(), sidecar_path(path).read_bytes()
    path.unlink()
    sidecar_path(path).unlink()
    workspace.produce(PARENT, make)
    assert make.calls == 1
    assert (path.read_bytes(), sidecar_path(path).read_bytes()) == before
    assert torch.equal(workspace.loaded("parent", load_tensors)["x"], torch.arange(3))


KILLED = """
import os, signal, sys
from pathlib import Path
from distillab.core.files import atomic
with atomic(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half a")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_killed_writers_left_goes_and_nothing_else(workspace):
    entry, path = workspace.entry(PARENT), workspace.path(PARENT)
    for target in (entry.payload, entry.checkpoint, path, sidecar_path(path), path.with_name("sibling.safetensors")):
        subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert len(list(entry.folder.glob(".*.tmp"))) == 2
    workspace.produce(PARENT, Maker())
    assert not list(entry.folder.glob(".*.tmp"))
    (left,) = path.parent.glob(".*.tmp")
    assert left.name.startswith(".sibling."), "another job may be writing it"


def test_the_sidecar_says_what_it_was_made_from(workspace):
    workspace.produce(PARENT, Maker())
    workspace.produce(CHILD, Maker())
    sidecar = workspace.sidecar("child")
    assert sidecar.parents == {"teacher": Parent(key=PARENT.key, blake2b=file_hash(workspace.path(PARENT)))}
    assert (sidecar.spec, sidecar.code, sidecar.results) == ({"eps": 0.1}, "c", {"history": [1.5]})
    assert sidecar.environment["threads"] == "1"
    assert sidecar.run["seconds"] >= 0
    assert sidecar.run["step_seconds"] == 0.25


def test_the_sidecar_does_not_say_what_follows_an_address(workspace):
    asked = PARENT.model_copy(update={"spec": {"brought": {"url": "https://example.org/x?model=mine"}}})
    workspace.plan.members["parent"] = asked
    workspace.produce(asked, Maker())
    assert "mine" not in sidecar_path(workspace.path(asked)).read_text()


def test_equal_makings_differ_in_the_run_block_only(workspace, tmp_path):
    first = workspace.produce(PARENT, Maker())
    other = Workspace(tmp_path / "elsewhere", workspace.plan)
    second = other.produce(PARENT, Maker())
    assert first.payload.read_bytes() == second.payload.read_bytes()
    one, two = (read_sidecar(entry.payload).model_dump() for entry in (first, second))
    assert {name for name in one if one[name] != two[name]} <= {"run"}


def test_a_damaged_store_entry_is_made_again(workspace):
    make = Maker()
    entry = workspace.produce(PARENT, make)
    entry.payload.write_bytes(b"damaged")
    workspace.produce(PARENT, make)
    assert make.calls == 2
    assert workspace.loaded("parent", load_tensors)


def test_an_error_leaves_no_finished_member(workspace):
    def broken(member, workspace, entry):
        save_tensors(entry.payload, {"x": torch.zeros(1)})
        raise ContractError("diverged")

    with pytest.raises(ContractError):
        workspace.produce(PARENT, broken)
    assert not workspace.path(PARENT).exists()
    make = Maker()
    workspace.produce(PARENT, make)
    assert make.calls == 1


def test_a_member_that_another_process_makes_is_refused(workspace):
    make = Maker()
    entry = workspace.store.entry("teach", PARENT.key, ".safetensors")
    with exclusive(entry.lock), pytest.raises(ArtifactError, match="being written by another process"):
        workspace.produce(PARENT, make)
    assert make.calls == 0


def test_a_hidden_member_lives_in_the_store_only(workspace):
    entry = workspace.produce(HIDDEN_MEMBER, Maker())
    assert workspace.verified_path("hidden") == entry.payload
    assert not (workspace.root / "results").exists()


def damage(path):
    path.write_bytes(path.read_bytes()[:-1])


BROKEN = {
    "absent": (lambda path: sidecar_path(path).unlink(), "no sidecar"),
    "truncated": (damage, "truncated or edited"),
    "gone": (lambda path: path.unlink(), "missing"),
}


@pytest.mark.parametrize(("spoil", "says"), BROKEN.values(), ids=BROKEN)
def test_a_spoiled_input_is_refused(workspace, spoil, says):
    workspace.produce(PARENT, Maker())
    spoil(workspace.path(PARENT))
    with pytest.raises(ArtifactError, match=says) as error:
        workspace.loaded("parent", load_tensors)
    assert "parent.safetensors" in str(error.value)


def test_an_input_of_other_parameters_is_refused(workspace):
    workspace.produce(PARENT.model_copy(update={"key": "0" * 32}), Maker())
    with pytest.raises(
        ArtifactError, match="was made from other parameters or code; expected key parentxxxxxx; got 0000"
    ):
        workspace.loaded("parent", load_tensors)


def test_a_running_job_is_registered(workspace):
    job = Job(stage="teach", id="all", members=(), inputs=(), output="r.json", digest="d", threads=1)
    folder = workspace.root / ".distillab" / "running"
    with workspace.running(job):
        assert len(list(folder.glob("*.json"))) == 1
    assert living(folder) == []
    assert not list(folder.iterdir())


@pytest.mark.parametrize(("stage", "kept"), [("prepare", 4), ("teach", 2)])
def test_a_job_keeps_its_data_and_of_its_networks_those_that_it_read_last(tmp_path, stage, kept):
    """Weights of all members of a large job would not fit."""
    ones = {f"m{i}": member(f"m{i}", f"results/t/m{i}.safetensors") for i in range(4)}
    ones = {name: one.model_copy(update={"stage": stage}) for name, one in ones.items()}
    plan = Plan(preset="t", params={}, members=ones, jobs=(), studies={}, facts={})
    writer = Workspace(tmp_path, plan)
    sizes = {writer.produce(one, Maker()).payload.stat().st_size for one in ones.values()}
    reader = Workspace(tmp_path, plan, _recent=Recent(2 * max(sizes)))
    read = [reader.loaded(name, load_tensors)["x"] for name in ones]
    again = [reader.loaded(name, load_tensors)["x"] for name in reversed(ones)]
    assert sum(old is new for old, new in zip(reversed(read), again, strict=True)) == kept
