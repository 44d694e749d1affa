"""Tables of a project in which little was made, from real files: what is there, and why the rest is not."""

import shutil

import pytest

from distillab.core.absence import write_failures
from distillab.core.job import Job
from distillab.core.sidecar import sidecar_path
from distillab.core.workspace import Workspace
from distillab.tables import RECORDS, TABLES
from distillab.tables.results import Results


@pytest.fixture
def part(small, tmp_path):
    """The first teacher and two attacks on it, in a project of their own."""
    attacks = [m for m in small.members("attack") if m.parents["model"] == small.members("teach")[0].id][:2]
    for member in attacks:
        small.produce(member.id)
    for member in [small.member("data-images"), small.member("data-split"), small.members("teach")[0], *attacks]:
        for path in (small.workspace.path(member), sidecar_path(small.workspace.path(member))):
            target = tmp_path / path.relative_to(small.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return Workspace(tmp_path, small.workspace.plan), small.members("teach")[0], attacks


def test_a_teacher_without_answers_has_its_attacks_and_its_history(part):
    workspace, teacher, attacks = part
    results = Results(workspace)
    models, robustness, history = (list(TABLES[name].rows(results)) for name in ("models", "robustness", "history"))
    assert models == []
    assert [(row["model"], row["attack"]) for row in robustness] == [
        (teacher.id.removesuffix(f"-s{teacher.seed}"), attack.axes["attack"]) for attack in attacks
    ]
    assert {row["seed"] for row in history} == {teacher.seed}
    facts = RECORDS["facts"].rows(results)
    assert facts["cells_done"] == 2
    assert facts["cells_planned"] > 2
    there = {"data-images", "data-split", teacher.id, *(attack.id for attack in attacks)}
    members = workspace.plan.members.values()
    assert {gap["id"] for gap in facts["missing"]} == {
        m.id for m in members if m.path and m.stage not in {"collect", "report"}
    } - there  # fmt: skip


def test_the_reason_that_a_job_wrote_down_reaches_the_facts(part):
    workspace, teacher, _ = part
    job = Job(stage="measure", id="all", members=(), inputs=(), output="r.json", digest="d", threads=1)
    workspace.plan = workspace.plan.model_copy(update={"jobs": (job,)})
    write_failures(workspace.root, workspace.plan.preset, job, {f"{teacher.id}-measure": "ValueError: <b>"})
    facts = RECORDS["facts"].rows(Results(workspace))
    reasons = {gap["id"]: gap["reason"] for gap in facts["missing"]}
    assert reasons[f"{teacher.id}-measure"] == "ValueError: <b>"
    assert "not made" in reasons.values()


def test_run_times_are_those_of_what_is_there(part):
    workspace, _, attacks = part
    run = RECORDS["run"].rows(Results(workspace))
    assert run["stage_seconds"].keys() == {"teach", "attack"}
    assert sum(each["payloads"] for each in run["environments"]) == 3 + len(attacks)
