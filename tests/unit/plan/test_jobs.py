"""From members to jobs: those along batched axes share a process, but never those that different pages need."""

import hashlib
from collections import Counter
from graphlib import TopologicalSorter

import pytest

from distillab.core.errors import SpecError
from distillab.core.stages import BATCHABLE, STAGES
from distillab.plan.expand import expand
from distillab.plan.jobs import jobs_of, readers_of

BATCHES = {
    "nothing": {stage: [] for stage in BATCHABLE},
    "everything": {stage: list(axes) for stage, axes in BATCHABLE.items()},
    "seeds": {stage: ["seed"] for stage in BATCHABLE},
}
ALL_STUDIES = ["undistillable", "ta", "sparse", "adversarial", "certified"]


@pytest.fixture(params=BATCHES)
def plan(plan_of, request):
    """All studies, batched in three ways."""
    return plan_of({"studies": ALL_STUDIES, "batch": BATCHES[request.param]})


def makers(plan):
    """Id of each member to the output of the job that makes it."""
    return {member: job.output for job in plan.jobs for member in job.members}


@pytest.mark.parametrize("batched", [(), ("seed",), ("teacher",), ("teacher", "seed")], ids="-".join)
def test_jobs_loop_over_the_batched_axes_alone(plan_of, batched):
    plan = plan_of({"studies": ["undistillable"], "batch": {"teach": list(batched)}})
    jobs = plan.stage("teach")
    assert len(jobs) == {(): 8, ("seed",): 4, ("teacher",): 2, ("teacher", "seed"): 1}[batched]
    for job in jobs:
        assert len(job.members) == 8 // len(jobs)
        axes = [plan.members[member].axes for member in job.members]
        for axis in {"teacher", "seed"} - {*batched}:
            assert len({values[axis] for values in axes}) == 1
    assert jobs[0].id == {
        (): "ce-cnn_digits/0", ("seed",): "ce-cnn_digits", ("teacher",): "0", ("teacher", "seed"): "all",
    }[batched]  # fmt: skip


def test_every_declared_member_is_made_by_exactly_one_job(plan):
    made = Counter(member for job in plan.jobs for member in job.members)
    assert made == Counter(m.id for m in plan.members.values() if m.path)
    for job in plan.jobs:
        assert {plan.members[member].stage for member in job.members} == {job.stage}


def test_studies_that_stand_on_the_same_members_share_all_jobs(plan_of):
    plan = plan_of({"studies": ["undistillable", "sparse"], "batch": BATCHES["everything"]})
    assert {job.id for job in plan.jobs if job.stage not in {"collect", "report"}} == {"all"}
    assert [job.id for job in plan.stage("collect")] == [job.id for job in plan.stage("report")]
    assert {job.id for job in plan.stage("report")} == {"index", "undistillable", "sparse"}


def test_a_job_reads_the_outputs_of_other_jobs_and_no_circle_closes(plan):
    outputs = {job.output: job for job in plan.jobs}
    assert len(outputs) == len(plan.jobs)
    for job in plan.jobs:
        assert {*job.inputs} <= outputs.keys() - {job.output}
        assert len({*job.inputs}) == len(job.inputs)
    order = [*TopologicalSorter({job.output: job.inputs for job in plan.jobs}).static_order()]
    assert sorted(order) == sorted(outputs)


def test_what_a_member_is_made_of_is_its_own_jobs_or_among_the_inputs(plan):
    made_by = makers(plan)
    for job in plan.jobs:
        for member in job.members:
            for parent in plan.members[member].parents.values():
                behind = [parent] if plan.members[parent].path else plan.members[parent].parents.values()
                assert {made_by[one] for one in behind} <= {*job.inputs, job.output}


def test_ids_are_unique_and_outputs_are_receipts_or_pages(plan):
    assert len({(job.stage, job.id) for job in plan.jobs}) == len(plan.jobs)
    for job in plan.jobs:
        place = f"reports/{job.id}.html" if job.stage == "report" else f"receipts/{job.stage}/{job.id}.json"
        assert job.output == f"results/tiny/{place}"
        assert job.writes_receipt == (job.stage != "report")
    assert [*dict.fromkeys(job.stage for job in plan.jobs)] == [stage for stage in STAGES if plan.stage(stage)]


READS = {
    "report-index": ["ce-cnn_digits-s0"],
    "report-certified": ["ls-cnn_digits-s0"],
    "report-undistillable": ["ls-cnn_digits-s1", "ls-cnn_digits--kd-cnn_digits-s1-measure"],
    "report-ta": ["ta-T1-step0-s1-measure"],
}
"""Pages that stand on a few members each."""


@pytest.fixture
def apart(params_of, tmp_path):
    """Parameters and members of three pages that need different models, and jobs that batch everything."""
    params = params_of({"studies": ["undistillable", "ta", "certified"], "batch": BATCHES["everything"]})
    members = expand(params, tmp_path)
    for report, read in READS.items():
        parents = {name: name for name in read}
        members[report] = members[report].model_copy(update={"parents": parents})
    return params, members


def test_readers_are_the_studies_at_any_remove(apart):
    readers = readers_of(apart[1])
    assert readers["data-images"] == ("undistillable", "ta", "certified")
    assert readers["ls-cnn_digits-s0"] == ("certified",)
    assert readers["ls-cnn_digits-s1"] == ("undistillable",)
    assert readers["ls-cnn_digits--kd-cnn_digits-s1"] == ("undistillable",)
    assert readers["ta-T1-step0-s1"] == readers["report-ta"] == ("ta",)
    assert not {"ce-cnn_digits-s0", "st-cnn_digits-s0"} & readers.keys(), "the index is no study"


def test_members_that_different_pages_need_never_share_a_job(apart):
    jobs = {(job.stage, job.id): job for job in jobs_of(*apart)}
    teach = {job: set(found.members) for (stage, job), found in jobs.items() if stage == "teach"}
    assert teach["all/for_certified"] == {"ls-cnn_digits-s0"}
    assert teach["all/for_undistillable"] == {"ls-cnn_digits-s1"}
    (others,) = teach.keys() - {"all/for_certified", "all/for_undistillable"}
    assert others == "all/for_no_study"
    assert len(teach[others]) == 6
    output = "results/tiny/receipts/teach/all/for_undistillable.json"
    assert jobs["teach", "all/for_undistillable"].output == output
    assert jobs["knockoff", "all/for_undistillable"].inputs[-1] == output
    assert [job for stage, job in jobs if stage == "prepare"] == ["all"]


def test_a_page_alone_asks_for_its_own_models_only(apart):
    """All that a page's job stands on is read by that page."""
    readers, jobs = readers_of(apart[1]), {job.output: job for job in jobs_of(*apart)}
    for report in READS.keys() - {"report-index"}:
        (waiting,) = ([job.output] for job in jobs.values() if report in job.members)
        for output in waiting:
            assert all(report.removeprefix("report-") in readers[member] for member in jobs[output].members)
            waiting += [name for name in jobs[output].inputs if name not in waiting]


def test_the_digest_of_a_job_changes_with_its_members_only(plan_of):
    before, after = plan_of(), plan_of({"knockoff": {"attacks": {"kd": {"temperature": 5}}}, "device": "cuda"})
    same = {
        stage: [job.digest for job in before.stage(stage)] == [job.digest for job in after.stage(stage)]
        for stage in BATCHABLE
    }
    assert same == {stage: stage not in {"knockoff", "measure"} for stage in BATCHABLE}


def test_a_job_is_known_by_its_members_keys(plan_of):
    plan = plan_of({"studies": ["undistillable"]})
    (job,) = plan.stage("baseline")
    keys = "".join(plan.members[member].key for member in job.members)
    assert job.digest == hashlib.blake2b(keys.encode(), digest_size=12).hexdigest()
    assert (job.id, job.members) == ("all", ("ls0.1-cnn_digits-s0", "ls0.1-cnn_digits-s1"))
    assert job.inputs == ("results/tiny/receipts/prepare/all.json",)


def test_answers_stand_for_the_teacher_among_the_inputs(plan_of):
    plan = plan_of({"studies": ["undistillable"], "batch": {"knockoff": [], "teach": []}})
    job = plan.find_job("knockoff", "paper/ls-cnn_digits/kd-cnn_digits/1")
    assert {*job.inputs} == {
        "results/tiny/receipts/prepare/all.json", "results/tiny/receipts/teach/ls-cnn_digits/1.json",
    }  # fmt: skip


def test_jobs_may_loop_over_different_values(plan_of):
    headline = {"defenses": ["ls"], "attacks": ["kd"], "seeds": [2]}
    studies, batch = ["undistillable"], {"knockoff": ["seed"]}
    plan = plan_of({"studies": studies, "batch": batch, "headline": headline, "defenses": {"cmim": {"seeds": 1}}})
    assert Counter(len(job.members) for job in plan.stage("knockoff")) == {2: 5, 3: 1, 1: 2}
    job = plan.find_job("knockoff", "paper/ls-cnn_digits/kd-cnn_digits")
    assert job.members == tuple(f"ls-cnn_digits--kd-cnn_digits-s{seed}" for seed in (0, 1, 2))


def test_an_unknown_job_lists_the_known_ones(plan_of):
    plan = plan_of({"studies": ["undistillable"], "batch": {"teach": ["teacher"]}})
    with pytest.raises(SpecError, match="unknown teach job; expected one of 0, 1; got 7"):
        plan.find_job("teach", "7")


def test_a_job_takes_the_threads_of_its_greediest_member(plan_of):
    plan = plan_of({"train": {"threads": 2}, "student_train": {"epochs": 1, "threads": 1}})
    assert {job.threads for job in plan.stage("teach")} == {2}
    assert {job.threads for job in plan.stage("measure")} == {2}
    assert {job.threads for job in plan.stage("baseline")} == {1}
