"""Running one job: its members in order, from the store where it has them, the process registered meanwhile."""

import json
import logging
from types import SimpleNamespace

import pytest

from distillab.cli import main, run
from distillab.core.errors import SpecError
from distillab.core.workspace import Product
from distillab.plan import load_plan


@pytest.fixture
def made(monkeypatch):
    """What the stage ``prepare`` was asked to make, with the register's entry at that moment; bytes instead of data."""
    seen = []

    def make(member, workspace, entry):
        entry.payload.write_bytes(member.id.encode())
        (registered,) = (workspace.root / ".distillab" / "running").glob("*.json")
        seen.append((member.id, json.loads(registered.read_text())["job"]))
        return Product("cpu")

    monkeypatch.setattr("distillab.stages.prepare.make", make)
    return seen


def test_the_members_of_a_job_are_made_in_order_and_put_at_their_paths(project, made):
    assert main(["prepare", "all"]) == 0
    assert made == [("data-images", "prepare all"), ("data-split", "prepare all")]
    results = project / "results" / "tiny" / "data"
    assert (results / "images.safetensors").read_bytes() == b"data-images"
    assert (results / "split.safetensors").read_bytes() == b"data-split"
    assert not list((project / ".distillab" / "running").iterdir())


def test_what_the_store_has_is_not_made_again(project, made):
    main(["prepare", "all"])
    (project / "results" / "tiny" / "data" / "split.safetensors").unlink()
    main(["prepare", "all"])
    assert len(made) == 2
    assert (project / "results" / "tiny" / "data" / "split.safetensors").read_bytes() == b"data-split"


def test_the_log_counts_the_members_and_the_processors_seconds(project, made, monkeypatch, caplog):
    seconds = iter([10.0, 13.5])
    monkeypatch.setattr(run, "cpu_seconds", lambda: next(seconds))
    with caplog.at_level(logging.INFO, "distillab"):
        run.run_job(load_plan(project), "prepare", "all", project)
    said = [line for line in caplog.messages if line.startswith("prepare all")]
    assert said == [
        "prepare all: 1 of 2, data-images",
        "prepare all: 2 of 2, data-split",
        "prepare all: cpu after imports: 3.50 s",
    ]


def test_a_job_that_is_not_in_the_plan_registers_nothing(project):
    with pytest.raises(SpecError, match=r"^unknown prepare job; expected one of all; got half$"):
        run.run_job(load_plan(project), "prepare", "half", project)
    assert not (project / ".distillab" / "running").exists()


def test_the_allocator_is_told_before_anything_is_made(project, made, monkeypatch):
    monkeypatch.setattr(run, "keep_freed_memory", lambda: made.append("told"))
    run.run_job(load_plan(project), "prepare", "all", project)
    assert made[0] == "told"
    assert len(made) == 3


def test_cpu_seconds_are_those_of_user_and_system_with_the_childrens(monkeypatch):
    usages = {
        run.resource.RUSAGE_SELF: SimpleNamespace(ru_utime=1.0, ru_stime=0.25),
        run.resource.RUSAGE_CHILDREN: SimpleNamespace(ru_utime=16.0, ru_stime=4.0),
    }
    monkeypatch.setattr(run.resource, "getrusage", usages.__getitem__)
    assert run.cpu_seconds() == 21.25
