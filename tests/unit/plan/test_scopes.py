"""A study is a study: what is asked for with its name is what its tables stand on, and no more."""

from pathlib import Path

import pytest
import yaml

from distillab.plan.build import build_plan
from distillab.plan.jobs import readers_of

REPOSITORY = Path(__file__).parents[3]
PRESETS = ("tiny", "digits", "mnist_robust", "cifar100")

ALL_BATCHED = {"batch": {"measure": ["family", "model", "seed"], "attack": ["family", "model", "attack", "logits"]}}


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Plans by preset."""
    found = {}
    for preset in PRESETS:
        root = tmp_path_factory.mktemp(preset)
        for name in ("config", "reports"):
            (root / name).symlink_to(REPOSITORY / name)
        (root / "params.yaml").write_text(yaml.safe_dump({"preset": preset, "override": {}}))
        found[preset] = build_plan(root)
    return found


def made_for(plan, study):
    """The members of the jobs that Snakemake runs for a study, in an empty project."""
    by_output = {job.output: job for job in plan.jobs}
    waiting, found = list(plan.studies[study]), set()
    while waiting:
        output = waiting.pop()
        if output not in found:
            found.add(output)
            waiting += by_output[output].inputs
    return {member for output in found for member in by_output[output].members}


def ancestors(plan, study):
    """A study's page and everything that it stands on, as far as it has a place in the project."""
    waiting, found = [f"report-{study}"], set()
    while waiting:
        member = plan.members[waiting.pop()]
        if member.id not in found:
            found.add(member.id)
            waiting += member.parents.values()
    return {member for member in found if plan.members[member].path}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_study_alone_makes_exactly_what_its_tables_stand_on(plans, preset):
    plan = plans[preset]
    for study in plan.studies:
        assert made_for(plan, study) == ancestors(plan, study), study
        assert f"report-{study}" in made_for(plan, study)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_job_waits_for_itself(plans, preset):
    plan = plans[preset]
    by_output, order = {job.output: job for job in plan.jobs}, []
    assert len(by_output) == len(plan.jobs)

    def visit(output, above=()):
        assert output not in above, [*above, output]
        if output not in order:
            for parent in by_output[output].inputs:
                visit(parent, (*above, output))
            order.append(output)

    for output in by_output:
        visit(output)


@pytest.mark.parametrize("preset", PRESETS)
def test_members_of_one_job_are_needed_by_the_same_studies(plans, preset):
    plan = plans[preset]
    readers = readers_of(plan.members)
    for job in plan.jobs:
        if job.stage != "collect":
            assert len({readers.get(member, ()) for member in job.members}) == 1, job.id


def of(plan, study, stage):
    return {member for member in ancestors(plan, study) if plan.members[member].stage == stage}


def test_the_studies_of_digits_by_hand(plans):
    plan = plans["digits"]
    everything = {member.id for member in plan.members.values() if member.path}
    assert {"ta", "adversarial", "certified"} <= set(plan.studies)
    assert len(ancestors(plan, "ta")) <= 389
    assert not of(plan, "ta", "teach") | of(plan, "ta", "knockoff") | of(plan, "ta", "certify")
    assert all(plan.members[member].axes["chain"] == "ta" for member in of(plan, "ta", "distill"))
    assert {plan.members[member].axes["chain"] for member in of(plan, "adversarial", "distill")} == {"survival"}
    assert of(plan, "certified", "certify") == {m for m in everything if plan.members[m].stage == "certify"}
    assert not of(plan, "undistillable", "distill") | of(plan, "sparse", "sensitivity")
    certified = {plan.members[member].axes["model"] for member in of(plan, "certified", "measure")}
    assert certified == {plan.members[member].axes["model"] for member in of(plan, "certified", "certify")}


def test_the_index_stands_on_everything(plans):
    for plan in plans.values():
        others = {m.id for m in plan.members.values() if m.path and m.stage not in {"report", "collect"}}
        assert others <= ancestors(plan, "index")


def test_the_pages_of_a_plan_are_those_of_its_studies(plan_of):
    plan = plan_of({"studies": ["ta"]})
    assert {job.id for job in plan.stage("report")} == {"index", "ta"} == {job.id for job in plan.stage("collect")}
    assert plan.studies == {"ta": ("results/tiny/reports/ta.html",)}


def test_jobs_that_studies_do_not_share_are_told_apart_by_them(plan_of):
    plan = plan_of(ALL_BATCHED)
    ids = {job.id for job in plan.stage("measure")}
    assert ids == {"all/for_ta", "all/for_undistillable", "all/for_undistillable_certified"}
    assert {job.id for job in plan_of(ALL_BATCHED | {"studies": ["ta"]}).stage("measure")} == {"all"}
