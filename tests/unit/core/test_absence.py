"""What is not there, and why: from files, from what jobs wrote down, from what has to be made first."""

import json
import logging
from dataclasses import dataclass

import pytest

from distillab.core import absence
from distillab.core.absence import LONGEST, absent, clear_failures, read_failures, write_failures
from distillab.core.files import write_text
from distillab.core.job import Job, Member, Plan
from distillab.core.payloads import save_tensors
from distillab.core.sidecar import sidecar_path
from distillab.core.workspace import Product, Workspace

PARENTS = {
    "data": {},
    "teacher": {"data": "data"},
    "answers": {"model": "teacher"},
    "thief": {"teacher": "answers", "data": "data"},
    "measure": {"model": "thief"},
    "other": {"data": "data"},
}
"""Answers are in the store only."""


def member(name, key=""):
    path = "" if name == "answers" else f"results/t/{name}.safetensors"
    return Member(
        stage="teach", id=name, axes={}, spec={}, seed=0, parents=PARENTS[name], code="c", key=key or name, path=path
    )


def job(name="s0/kd", stage="knockoff"):
    return Job(
        stage=stage,
        id=name,
        members=(),
        inputs=(),
        output="r.json",
        digest=f"{name} {stage}".replace("/", " "),
        threads=1,
    )


@dataclass
class Project:
    """A plan of six members; ``make`` makes some."""

    workspace: Workspace

    def make(self, *names, value=1.0):
        for name in names:
            self.workspace.produce(self.workspace.member(name), _maker(value))

    def again(self, **keys):
        """The plan as another process reads it, with other keys for some members."""
        members = {name: member(name, keys.get(name, "")) for name in PARENTS}
        plan = self.workspace.plan.model_copy(update={"members": members})
        return Project(Workspace(self.workspace.root, plan))

    def path(self, name):
        return self.workspace.path(self.workspace.member(name))


def _maker(value):
    import torch

    def make(_member, _workspace, entry):
        save_tensors(entry.payload, {"x": torch.tensor([value])})
        return Product("cpu")

    return make


@pytest.fixture
def project(tmp_path):
    members = {name: member(name) for name in PARENTS}
    return Project(Workspace(tmp_path, Plan(preset="t", params={}, members=members, jobs=(), studies={}, facts={})))


def test_nothing_is_absent_of_a_whole_run(project):
    project.make(*PARENTS)
    assert absent(project.again().workspace) == {}


def test_of_an_empty_project_everything_with_a_path_is_absent_and_the_first_ancestor_is_named(project):
    assert absent(project.workspace) == {
        "data": "not made",
        **dict.fromkeys(("teacher", "thief", "measure", "other"), "not made: data is missing"),
    }


def test_an_ancestor_behind_what_is_in_the_store_only_is_named(project):
    project.make("data", "other")
    assert absent(project.workspace) == {
        "teacher": "not made",
        "thief": "not made: teacher is missing",
        "measure": "not made: teacher is missing",
    }


def test_what_is_there_is_no_less_there_without_its_parents(project):
    project.make(*PARENTS)
    project.path("teacher").unlink()
    project.path("measure").unlink()
    assert absent(project.again().workspace) == {"teacher": "not made", "measure": "not made"}


@pytest.mark.parametrize("path_of", [lambda path: path, sidecar_path], ids=["payload", "sidecar"])
def test_half_a_member_is_none(project, path_of):
    project.make(*PARENTS)
    path_of(project.path("other")).unlink()
    assert absent(project.again().workspace) == {"other": "not made"}


def test_a_member_of_another_key_is_not_there(project):
    project.make(*PARENTS)
    found = absent(project.again(thief="new", measure="newer").workspace)
    assert found.keys() == {"thief", "measure"}
    assert "made from other parameters or code" in found["thief"]
    assert found["measure"] == "not made: thief is missing"


def test_a_member_whose_parent_was_replaced_is_not_there(project):
    project.make(*PARENTS)
    project.workspace.entry(project.workspace.member("teacher")).empty()
    again = project.again()
    again.make("teacher", value=2.0)
    found = absent(project.again().workspace)
    assert found.keys() == {"thief"}
    assert "its parent was replaced: results/t/teacher.safetensors" in found["thief"]


def test_an_edited_sidecar_is_not_there(project):
    project.make(*PARENTS)
    path = sidecar_path(project.path("measure"))
    path.write_text(path.read_text().replace('"seconds"', '"minutes"').replace('"code": "c"', '"code": "d"'))
    found = absent(project.again().workspace)
    assert found.keys() == {"measure"}
    assert "edited" in found["measure"]


def test_a_recorded_failure_is_the_reason_of_what_it_names_and_of_nothing_that_is_there(project):
    project.make("data")
    project = project.again()
    project.workspace.plan = project.workspace.plan.model_copy(update={"jobs": (job(),)})
    write_failures(
        project.workspace.root, "t", job(), {"teacher": "ValueError: 3", "data": "old", "thief": "killed", "x": "y"}
    )
    assert absent(project.workspace) == {
        "teacher": "ValueError: 3",
        "thief": "killed",
        "measure": "not made: teacher is missing",
        "other": "not made",
    }


def plan_of(*jobs):
    return Plan(preset="t", params={}, members={}, jobs=jobs, studies={}, facts={})


def test_failures_are_kept_by_preset_stage_and_job(tmp_path):
    jobs = job("a/b"), job("a/c"), job("a/b", stage="teach")
    plan = plan_of(*jobs, job("never ran"))
    write_failures(tmp_path, "t", jobs[0], {"one": "1", "two": "2"})
    write_failures(tmp_path, "t", jobs[1], {"three": "3"})
    write_failures(tmp_path, "t", jobs[2], {"four": "4"})
    write_failures(tmp_path, "other", jobs[0], {"five": "5"})
    assert read_failures(tmp_path, plan) == {"one": "1", "two": "2", "three": "3", "four": "4"}
    write_failures(tmp_path, "t", jobs[0], {"two": "again"})
    clear_failures(tmp_path, "t", jobs[1])
    clear_failures(tmp_path, "t", job("never ran"))
    assert read_failures(tmp_path, plan) == {"two": "again", "four": "4"}


def test_what_failed_under_other_parameters_or_in_a_job_of_other_members_is_no_reason_now(tmp_path):
    before = job("a")
    write_failures(tmp_path, "t", before, {"one": "out of memory"})
    assert read_failures(tmp_path, plan_of(before)) == {"one": "out of memory"}
    assert read_failures(tmp_path, plan_of(before.model_copy(update={"digest": "of others"}))) == {}
    assert read_failures(tmp_path, plan_of()) == {}


def test_the_failures_of_a_job_whose_id_is_longer_than_a_files_name_are_kept(tmp_path):
    long = job("/".join(["a" * 100] * 3)).model_copy(update={"digest": "d" * 24})
    write_failures(tmp_path, "t", long, {"one": "1"})
    assert read_failures(tmp_path, plan_of(long)) == {"one": "1"}


@pytest.mark.parametrize(
    "text", ['["one"]', '{"one": 1}', '{"one": {"two": "3"}}', "{", "", '"one"', "[" * 200_000, "\udcff"]
)
def test_what_is_no_record_is_passed_over_with_a_warning(tmp_path, text, caplog):
    good, bad = job("good"), job("bad")
    write_failures(tmp_path, "t", good, {"one": "1"})
    path = tmp_path / ".distillab/failures/t/knockoff" / f"{bad.digest}.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with caplog.at_level(logging.WARNING, logger="distillab"):
        assert read_failures(tmp_path, plan_of(bad, good)) == {"one": "1"}
    assert [record.getMessage() for record in caplog.records] == [f"{path}: passed over: not a record of failures"]


def test_a_reason_is_one_short_printable_line(tmp_path):
    said = job("said")
    write_text(
        tmp_path / ".distillab/failures/t/knockoff" / f"{said.digest}.json",
        json.dumps({"a": "two\n lines\t\x1b[31m\x00", "b": "\ud800", "c": "x" * 1000, "d": "y" * LONGEST}),
    )
    found = read_failures(tmp_path, plan_of(said))
    assert found == {"a": "two lines [31m", "b": "", "c": "x" * (LONGEST - 1) + "…", "d": "y" * LONGEST}


def test_sidecars_are_looked_for_only_where_there_is_a_payload(project, monkeypatch):
    project.make("data", "teacher")
    read = []
    monkeypatch.setattr(absence.Workspace, "sidecar", lambda _self, name: read.append(name))
    absent(project.again().workspace)
    assert read == ["data", "teacher"]
