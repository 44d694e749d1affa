"""A payload stands on the very bytes it was made from: any other parent, and it is made again or refused."""

import pytest
import torch

from distillab.core.errors import ArtifactError
from distillab.core.job import Member, Plan
from distillab.core.payloads import load_tensors, save_tensors
from distillab.core.sidecar import file_hash, payload_of, read_sidecar, sidecar_path, write_sidecar
from distillab.core.workspace import Product, Workspace


def member(member_id, parents=None, *, stored_only=False, incomplete=False):
    path = "" if stored_only else f"results/t/{member_id}.safetensors"
    return Member(stage="teach", id=member_id, axes={}, spec={}, seed=0, parents=parents or {}, code="c",
                  key=f"{member_id:x<32}", path=path, incomplete=incomplete)  # fmt: skip


IMAGES = member("images")
TEACHER = member("teacher", {"images": "images"})
ANSWERS = member("answers", {"images": "images", "teacher": "teacher"}, stored_only=True)
KNOCKOFF = member("knockoff", {"images": "images", "answers": "answers"})
MEASURE = member("measure", {"model": "knockoff"})
TABLE = member("table", {"teacher": "teacher", "measure": "measure"}, incomplete=True)
FAMILY = (IMAGES, TEACHER, ANSWERS, KNOCKOFF, MEASURE, TABLE)
SEEDS = {"images": 2.0, "teacher": 3.0, "answers": 5.0, "knockoff": 7.0, "measure": 11.0, "table": 1.0}


class Project:
    """A project whose payloads are products of their parents' numbers; it counts what is made."""

    def __init__(self, root):
        members = {one.id: one for one in FAMILY}
        self.plan = Plan(preset="t", params={}, members=members, jobs=(), studies={}, facts={})
        self.root, self.made, self.own = root, [], dict(SEEDS)

    def workspace(self):
        """As a new process sees the project."""
        return Workspace(self.root, self.plan)

    def make(self, member, workspace, entry):
        number = self.own[member.id]
        for parent_id in member.parents.values():
            parent = workspace.member(parent_id)
            if member.incomplete and not sidecar_path(workspace.payload(parent)).exists():
                continue
            if not parent.path:
                workspace.produce(parent, self.make, wait=True)
            number = number * float(workspace.loaded(parent_id, load_tensors)["x"])
        self.made.append(member.id)
        save_tensors(entry.payload, {"x": torch.tensor(number)})
        return Product("cpu")

    def run(self, *members):
        """Produce the members, each in a process of its own; what had to be made."""
        self.made.clear()
        for one in members:
            self.workspace().produce(one, self.make)
        return list(self.made)

    def number(self, one):
        return float(load_tensors(self.workspace().payload(one))["x"])

    def entry(self, one):
        return self.workspace().entry(one)


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path)
    made.run(IMAGES, TEACHER, KNOCKOFF, MEASURE)
    assert made.number(MEASURE) == 11 * 7 * 2 * (5 * 2 * (3 * 2))
    return made


def replace(payload, number):
    """Another payload under the same key, with a sidecar that fits: what another torch would have left."""
    save_tensors(payload, {"x": torch.tensor(number)})
    sidecar = read_sidecar(payload)
    write_sidecar(payload, sidecar.model_copy(update={"payload": payload_of(payload)}))


def test_unchanged_parents_make_nothing_again(project):
    assert project.run(IMAGES, TEACHER, KNOCKOFF, MEASURE) == []


def test_every_parent_is_recorded_with_key_and_bytes(project):
    recorded = read_sidecar(project.workspace().payload(KNOCKOFF)).parents
    roles = {"images": IMAGES, "answers": ANSWERS, "answers/images": IMAGES, "answers/teacher": TEACHER}
    assert recorded.keys() == roles.keys()
    for role, parent in roles.items():
        assert recorded[role].key == parent.key
        assert recorded[role].blake2b == file_hash(project.workspace().payload(parent))


def test_children_of_a_replaced_teacher_are_made_again_from_it(project, caplog):
    replace(project.workspace().path(TEACHER), 100.0)
    assert project.run(KNOCKOFF, MEASURE) == ["answers", "knockoff", "measure"]
    assert project.number(MEASURE) == 11 * 7 * 2 * (5 * 2 * 100)
    for child in ("knockoff", "answers"):
        assert f"{child}: made again: its parent was replaced: {TEACHER.path} is" in caplog.text
    assert f"measure: made again: its parent was replaced: {KNOCKOFF.path} is" in caplog.text
    assert project.run(KNOCKOFF, MEASURE) == [], "they record the parents that they were made from"


def test_a_teacher_that_comes_back_as_it_was_needs_its_children_again(project):
    before, other = project.number(MEASURE), project.workspace().path(TEACHER)
    replace(other, 100.0)
    project.run(KNOCKOFF, MEASURE)
    assert project.run(TEACHER, KNOCKOFF, MEASURE) == ["answers", "knockoff", "measure"]
    assert project.number(MEASURE) == before


def test_replaced_answers_in_the_store_make_the_knockoff_again(project):
    replace(project.entry(ANSWERS).payload, 100.0)
    assert project.run(KNOCKOFF) == ["knockoff"]
    assert project.number(KNOCKOFF) == 7 * 2 * 100


def test_within_one_process_children_follow_a_parent_that_is_made_again(project):
    project.entry(TEACHER).empty()
    project.own["teacher"] = 50.0
    workspace = project.workspace()
    project.made.clear()
    for one in (TEACHER, KNOCKOFF, MEASURE):
        workspace.produce(one, project.make)
    assert project.made == ["teacher", "answers", "knockoff", "measure"]
    assert project.number(MEASURE) == 11 * 7 * 2 * (5 * 2 * (50 * 2))


def test_answers_made_again_in_a_process_replace_those_it_had_loaded(project):
    workspace = project.workspace()
    assert float(workspace.loaded("answers", load_tensors)["x"]) == 60
    project.entry(ANSWERS).empty()
    project.own["answers"] = 9.0
    workspace.produce(ANSWERS, project.make, wait=True)
    assert float(workspace.loaded("answers", load_tensors)["x"]) == 9 * 2 * 6


def test_a_child_of_a_replaced_parent_is_refused_where_it_is_read(project):
    path = project.workspace().path(TEACHER)
    before = file_hash(path)
    replace(path, 100.0)
    for read in (project.workspace().sidecar, project.workspace().verified_path):
        with pytest.raises(ArtifactError) as error:
            read("knockoff")
        text = str(error.value)
        assert text.startswith(f"{KNOCKOFF.path}: its parent was replaced: {TEACHER.path} is {file_hash(path)[:12]}")
        assert f"made from BLAKE2b {before[:12]}..." in text
        assert text.endswith("delete it and run snakemake again")
    assert project.workspace().verified_path("teacher") == path, "its own parents are what they were"


def test_a_parent_that_is_not_recorded_is_a_mismatch(project):
    path = project.workspace().path(MEASURE)
    write_sidecar(path, read_sidecar(path).model_copy(update={"parents": {}}))
    with pytest.raises(ArtifactError, match="made from none recorded"):
        project.workspace().verified_path("measure")


def test_a_project_without_its_store_reads_what_it_has(project):
    for entry in list(project.workspace().store.entries()):
        for file in entry.iterdir():
            file.unlink()
    assert project.workspace().verified_path("measure")
    assert project.workspace().verified_path("knockoff")


def test_other_answers_in_the_store_do_not_spoil_what_stands_in_the_project(project):
    """Another machine's answers to the same teacher: both knockoffs may stand, each made from its own."""
    replace(project.entry(ANSWERS).payload, 100.0)
    assert project.workspace().verified_path("knockoff")


def test_damaged_answers_are_made_again_with_what_came_of_them(project):
    sidecar_path(project.entry(ANSWERS).payload).write_text("half")
    project.entry(KNOCKOFF).empty()
    assert project.run(KNOCKOFF) == ["answers", "knockoff"]


def test_a_parents_damaged_sidecar_is_named(project):
    path = sidecar_path(project.workspace().path(TEACHER))
    path.write_text("half")
    with pytest.raises(ArtifactError, match="not a distillab sidecar") as error:
        project.run(KNOCKOFF)
    assert str(path) in str(error.value)


def test_nothing_is_recorded_of_a_parent_that_is_not_there(project):
    path = project.workspace().path(KNOCKOFF)
    sidecar_path(path).unlink()
    project.entry(MEASURE).empty()
    with pytest.raises(ArtifactError, match=f"{KNOCKOFF.path}: missing"):
        project.workspace().produce(MEASURE, lambda *_: save_nothing(project.entry(MEASURE)))


def save_nothing(entry):
    save_tensors(entry.payload, {})
    return Product("cpu")


def test_each_parents_sidecar_is_read_once_in_a_process(project, monkeypatch):
    read = []
    monkeypatch.setattr("distillab.core.lineage.read_sidecar", lambda path: read.append(path) or read_sidecar(path))
    workspace = project.workspace()
    for one in (TEACHER, KNOCKOFF, MEASURE, KNOCKOFF):
        workspace.produce(one, project.make)
    assert sorted(read) == sorted(set(read))


def test_the_identity_moves_with_the_key_and_with_the_bytes_of_any_parent(project):
    def identity(one):
        return project.workspace().lineage.identity(one)

    before, other_key = identity(KNOCKOFF), KNOCKOFF.model_copy(update={"key": "0" * 32})
    assert identity(KNOCKOFF) == before
    assert identity(other_key) != before
    replace(project.workspace().path(TEACHER), 100.0)
    assert identity(KNOCKOFF) != before


def absent(project, one):
    return [parent.id for parent in project.workspace().lineage.absent(one)]


def test_parents_that_do_not_stand_in_the_project_are_absent(project):
    assert [absent(project, one) for one in FAMILY] == [[]] * len(FAMILY)
    sidecar_path(project.workspace().path(TEACHER)).unlink()
    assert absent(project, KNOCKOFF) == ["teacher"], "behind the answers"
    assert absent(project, TABLE) == ["teacher"]
    assert absent(project, TEACHER) == absent(project, MEASURE) == []
    project.entry(ANSWERS).empty()
    assert absent(project, KNOCKOFF) == ["teacher"], "the store makes again what it lacks"


def test_a_damaged_parent_is_absent_only_to_what_is_made_from_what_there_is(project):
    sidecar_path(project.workspace().path(TEACHER)).write_text("half")
    assert absent(project, TABLE) == ["teacher"]
    assert project.workspace().lineage.record(TABLE).keys() == {"measure"}
    with pytest.raises(ArtifactError, match="not a distillab sidecar"):
        absent(project, KNOCKOFF)


def test_a_table_is_made_again_when_a_parent_is_gone_while_it_is_and_when_it_is_back(project):
    assert project.run(TABLE, TABLE) == ["table"]
    assert project.number(TABLE) == 6 * project.number(MEASURE)
    kept = project.workspace().path(MEASURE)
    sidecar = sidecar_path(kept).read_bytes()
    sidecar_path(kept).unlink()
    assert project.run(TABLE, TABLE) == ["table", "table"], "reasons change"
    assert project.number(TABLE) == 6
    assert read_sidecar(project.workspace().path(TABLE)).parents.keys() == {"teacher"}
    sidecar_path(kept).write_bytes(sidecar)
    assert project.run(TABLE, TABLE) == ["table"]
    assert project.number(TABLE) == 6 * project.number(MEASURE)


def test_a_table_whose_parent_is_gone_is_refused_where_it_is_read(project):
    project.run(TABLE)
    sidecar_path(project.workspace().path(MEASURE)).unlink()
    with pytest.raises(ArtifactError) as error:
        project.workspace().sidecar("table")
    assert f"its parent was replaced: {MEASURE.path} is missing, and it was made from BLAKE2b " in str(error.value)
    assert project.workspace().sidecar("knockoff"), "nothing else is another one without its descendants"
    sidecar_path(project.workspace().path(TEACHER)).unlink()
    assert project.workspace().sidecar("knockoff"), "nor without a parent that it was made from"
