"""What a job asks a cluster for: passes from its members' costs, memory from the data set."""

from collections import Counter

import pytest
import torch

from distillab.core.job import LEAST_MINUTES, SLACK, UNKNOWN_MINUTES, UNRECKONED
from distillab.core.stages import STAGES
from distillab.plan import costs, resources
from distillab.plan.costs import cost_of
from distillab.plan.priorities import UNKNOWN
from distillab.plan.reckoning import ATTACK_PASS, CERTIFIED_STEP, CHECKS, READING, Reckoning
from distillab.plan.resources import BASE_MB, COPIES, CUDA_MB, asked, memory_mb, passes_of, with_resources


def test_passes_of_a_job_are_those_of_its_members_by_network_and_use(rich):
    jobs = {stage: rich.stage(stage)[0] for stage in ("teach", "attack")}
    for job in jobs.values():
        total = Counter()
        for member in job.members:
            cost = cost_of(rich, rich.members[member])
            total[cost.key] += round(Reckoning(rich, {}).work(rich.members[member]).seconds / UNKNOWN)
        assert job.passes == {key: passes for key, passes in total.items() if passes}
        assert all(passes > 0 for passes in job.passes.values())
    assert all(job.passes == {} for stage in ("prepare", "collect", "report") for job in rich.stage(stage))


def test_passes_are_plain_steps_whatever_the_work_is(plan_of):
    plan = plan_of({"defenses": {"*": None, "ce": {}, "ibp": {"name": "ibp_training"}}, "seeds": [0]})
    passes = {
        name: sum(passes_of(Reckoning(plan, {}), job.model_copy(update={"members": (name,)})).values())
        for job in plan.jobs for name in job.members
    }  # fmt: skip
    assert passes["ce-cnn_digits-s0"] == 400 * 6
    assert passes["ibp-cnn_digits-s0"] == round(CERTIFIED_STEP * 400 * 6)
    assert passes["ibp-cnn_digits-s0-pgd_linf"] == round(ATTACK_PASS * 60 * (6 + CHECKS))


def test_two_members_of_one_network_add_up(plan_of):
    studies = {"studies": ["undistillable"], "defenses": {"*": None, "ce": {}}, "train": {"epochs": 3}}
    one = plan_of(studies | {"seeds": [0]}).stage("teach")[0]
    two = plan_of(studies | {"seeds": [0, 1]})
    (both,) = two.stage("teach")
    assert passes_of(Reckoning(two, {}), both) == both.passes == {key: 2 * count for key, count in one.passes.items()}


def test_every_data_set_kept_in_memory_is_asked_for(params_of):
    digits, streamed = params_of().data, params_of(preset="imagenet").data
    facts = digits.facts
    assert facts.shape == (1, 8, 8)
    assert memory_mb(digits) == BASE_MB + COPIES * (facts.train + facts.test) * 64 // 10**6
    assert streamed.streaming
    assert memory_mb(streamed) == BASE_MB
    cifar = params_of(preset="cifar100").data
    assert memory_mb(cifar) == BASE_MB + 3 * 60_000 * 3 * 32 * 32 // 10**6 == 2552


def test_jobs_carry_the_memory_of_their_data_set(rich, params_of):
    assert {job.memory_mb for job in rich.jobs} == {memory_mb(params_of().data)}


def test_on_a_gpu_a_job_asks_for_one_and_for_its_libraries_and_network_beside(plan_of):
    here, there = plan_of(), plan_of({"device": "cuda"})
    for ours, theirs in zip(here.jobs, there.jobs, strict=True):
        computes = STAGES[ours.stage].computes
        assert asked(there, theirs, {})["gpu"] == int(computes)
        assert asked(here, ours, {})["gpu"] == 0
        beside = theirs.memory_mb - ours.memory_mb
        assert beside >= CUDA_MB if computes else beside == 0
        assert ours.digest == theirs.digest


@pytest.mark.parametrize(("there", "kind"), [(True, "cuda"), (False, "cpu")])
def test_with_auto_rules_ask_for_a_gpu_where_the_jobs_will_see_one(rich, monkeypatch, there, kind):
    """As torch does, whatever files the driver has."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(resources, "device_name", lambda kind: f"a {kind}")
    monkeypatch.setattr(costs, "device_name", lambda kind: f"a {kind}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    plan = with_resources(rich.model_copy(update={"params": rich.params | {"device": "auto"}}))
    assert plan.computes_on == kind
    assert asked(plan, plan.stage("teach")[0], {})["gpu"] == there
    assert all(key.endswith(f"on a {kind}") for key in plan.stage("teach")[0].passes)


@pytest.mark.skipif(torch.cuda.is_available(), reason="about a GPU that is not here")
def test_minutes_rest_on_what_is_stated_until_somebody_timed_the_network(plan_of):
    plan = plan_of({"device": "cuda", "train": {"epochs": 10_000}})
    job = plan.stage("teach")[0]
    ((key, passes),) = job.passes.items()
    assert asked(plan, job, {})["runtime"] == round(SLACK * passes * job.stated[key] / 60) > LEAST_MINUTES
    assert asked(plan, job, {key: 1.0})["runtime"] == round(SLACK * passes / 60)


FOLDER = {"name": "image_folder", "title": "Own", "path": "own", "shape": [1, 8, 8], "classes": 3, "val": 60}


def minutes(plan, speed):
    """By stage, what its jobs ask for once a pass of every network that can be built was timed."""
    speeds = {key: speed for job in plan.jobs for key in job.passes if key != UNRECKONED}
    return {stage: {job.minutes(speeds) for job in plan.stage(stage)} for stage in STAGES if plan.stage(stage)}


def test_work_on_images_that_only_the_files_count_asks_for_an_hour(plan_of):
    studies = {"studies": ["adversarial", "certified"], "seeds": [0], "robustness": {"attacks": {"cw_l2": None}}}
    unbounded = plan_of(studies | {"data": FOLDER | {"train_limit": None, "test_limit": None}})
    asked_for = minutes(unbounded, 1e-9)
    computing = {stage for stage in asked_for if STAGES[stage].computes}
    assert {stage: asked_for[stage] for stage in computing} == {stage: {UNKNOWN_MINUTES} for stage in computing}
    assert asked_for["collect"] == asked_for["report"] == {LEAST_MINUTES}
    bounded = minutes(plan_of(studies | {"data": FOLDER | {"train_limit": 90, "test_limit": 20}}), 1e-9)
    assert {least for values in bounded.values() for least in values} == {LEAST_MINUTES}


def test_so_does_what_looks_at_test_images_that_nobody_counted(plan_of):
    """A limit of the training images says nothing of them; a number of images that is named says it all."""
    studies = {"studies": ["certified"], "seeds": [0], "certification": {"images": 10}}
    asked_for = minutes(plan_of(studies | {"data": FOLDER | {"train_limit": 90, "test_limit": None}}), 1e-9)
    assert asked_for["measure"] == {UNKNOWN_MINUTES}
    assert asked_for["teach"] == asked_for["certify"] == {LEAST_MINUTES}


def test_so_does_the_look_at_files_that_nobody_counted(plan_of):
    assert minutes(plan_of({"data": {"classes": 100}}, "imagenet"), 1e-9)["prepare"] == {UNKNOWN_MINUTES}


def test_so_does_what_asks_a_network_that_nobody_can_build(plan_of, tmp_path):
    (tmp_path / "net.pt").write_bytes(b"never read to plan")
    models = {"models": {"mine": {"torchscript": str(tmp_path / "net.pt")}}, "trusted": ["mine"]}
    plan = plan_of({"studies": ["adversarial"], "seeds": [0], "batch": {"attack": ["attack"]}} | models)
    jobs = {job.id: job.minutes(dict.fromkeys(job.passes.keys() - {UNRECKONED}, 1e-9)) for job in plan.stage("attack")}
    assert {said for name, said in jobs.items() if "mine" in name} == {UNKNOWN_MINUTES}
    assert {said for name, said in jobs.items() if "mine" not in name} == {LEAST_MINUTES}


def test_networks_that_are_looked_at_count_too(rich):
    (job,) = (job for job in rich.jobs if "ce-papernot_digits-s3-measure" in job.members)
    assert cost_of(rich, rich.members["ce-papernot_digits-s3"]).key in job.passes


def test_who_looks_at_the_files_of_a_data_set_asks_for_the_time_that_it_takes(plan_of):
    (job,) = plan_of(preset="imagenet").stage("prepare")
    seconds = (1_281_167 + 50_000) * READING[True]  # by names for the images, by names for the splits
    assert job.minutes({}) == round(SLACK * seconds / 60)


def test_a_plan_is_reckoned_with_once_whatever_the_number_of_its_jobs(rich, monkeypatch):
    """What is stated of all its jobs is gathered then: once for each job was two fifths of planning thousands."""
    made = []
    monkeypatch.setattr(resources, "Reckoning", lambda *given: made.append(given) or Reckoning(*given))
    with_resources(rich)
    assert len(made) == 1
