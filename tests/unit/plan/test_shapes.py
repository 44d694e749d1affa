"""From members to rules: jobs share a process along batched axes and are wildcards along the others."""

import hashlib
import re
from itertools import product

import pytest

from distillab.core.errors import SpecError
from distillab.core.job import fill_pattern
from distillab.plan.vocabulary import AXES


def jobs(plan, stage):
    return [job for shape in plan.stage(stage) for job in shape.jobs]


@pytest.mark.parametrize("batched", [(), ("seed",), ("teacher",), ("teacher", "seed")], ids="-".join)
def test_axes_that_are_not_batched_are_wildcards(plan_of, batched):
    plan = plan_of({"batch": {"teach": list(batched)}})
    (shape,) = plan.stage("teach")
    free = set(AXES["teach"]) - set(batched)
    assert shape.constraints.keys() == free
    assert all(set(re.findall(r"\{(\w+)\}", output)) == free for output in shape.outputs)
    assert len(shape.jobs) == {(): 8, ("seed",): 4, ("teacher",): 2, ("teacher", "seed"): 1}[batched]
    assert all(len(job.members) == 8 // len(shape.jobs) for job in shape.jobs)


@pytest.mark.parametrize("batched", [False, True])
def test_every_declared_member_is_made_by_one_job_at_its_path(plan_of, batched):
    plan = plan_of({"batch": {stage: list(axes) if batched else [] for stage, axes in AXES.items()}})
    made = [member for shape in plan.shapes for job in shape.jobs for member in job.members]
    assert sorted(made) == sorted(m.id for m in plan.members.values() if m.path)
    for shape in plan.shapes:
        for job in shape.jobs:
            outputs = {fill_pattern(output, job.wildcards) for output in shape.outputs}
            assert outputs >= {plan.members[i].path for i in job.members}
            assert not any("{" in output for output in outputs)


def test_wildcards_admit_their_jobs_and_nothing_else(plan_of):
    plan = plan_of({"batch": {stage: [] for stage in AXES}})
    for shape in plan.shapes:
        values = [sorted({job.wildcards[name] for job in shape.jobs}) for name in shape.constraints]
        for name, own in zip(shape.constraints, values, strict=True):
            assert all(re.fullmatch(shape.constraints[name], value) for value in own)
            assert not re.fullmatch(shape.constraints[name], f"{own[0]}x")
        for combination in product(*values):
            wildcards = dict(zip(shape.constraints, combination, strict=True))
            if any(job.wildcards == wildcards for job in shape.jobs):
                assert shape.job(wildcards).wildcards == wildcards
            else:
                with pytest.raises(SpecError, match="not in the plan"):
                    shape.job(wildcards)


def test_inputs_are_the_parents_that_other_jobs_make(plan_of):
    plan = plan_of({"batch": {stage: [] for stage in AXES}})
    declared = {m.path for m in plan.members.values() if m.path}
    for stage in AXES:
        for job in jobs(plan, stage):
            assert {"results/tiny/data/images.safetensors", "results/tiny/data/split.safetensors"} <= set(job.inputs)
            assert not set(job.inputs) & {plan.members[i].path for i in job.members}
            assert {path for path in job.inputs if not path.endswith(".json")} <= declared
    teacher = "results/tiny/teachers/ce-cnn_digits/s0.safetensors"
    assert teacher in plan.find_job("knockoff", "ce-cnn_digits/kd-cnn_digits/0").inputs


def test_the_digest_of_a_job_changes_with_its_members_only(plan_of):
    before, after = plan_of(), plan_of({"knockoff": {"attacks": {"kd": {"temperature": 5}}}, "device": "cuda"})
    same = {stage: [j.digest for j in jobs(before, stage)] == [j.digest for j in jobs(after, stage)] for stage in AXES}
    assert same == {stage: stage not in {"knockoff", "measure"} for stage in AXES}


def test_an_unknown_job_lists_the_known_ones(plan_of):
    plan = plan_of({"batch": {"teach": ["teacher"]}})
    with pytest.raises(SpecError, match="unknown teach job; expected one of 0, 1; got 7"):
        plan.find_job("teach", "7")


def test_a_job_takes_the_threads_of_its_greediest_member(plan_of):
    plan = plan_of({"train": {"threads": 2}, "student_train": {"epochs": 1, "threads": 1}})
    assert {job.threads for job in jobs(plan, "teach")} == {2}
    assert {job.threads for job in jobs(plan, "measure")} == {2}
    assert {job.threads for job in jobs(plan, "baseline")} == {1}


def test_jobs_that_loop_over_other_values_have_a_rule_of_their_own(plan_of):
    headline = {"defenses": ["ls"], "attacks": ["kd"], "seeds": [2]}
    defenses = {"cmim": {"seeds": 1}}
    plan = plan_of({"batch": {"knockoff": ["seed"]}, "headline": headline, "defenses": defenses})
    rules = {shape.rule: shape for shape in plan.stage("knockoff")}
    assert list(rules) == ["knockoff", "knockoff_2", "knockoff_3"]
    assert {rule: (len(shape.outputs), len(shape.jobs)) for rule, shape in rules.items()} == {
        "knockoff": (2, 5), "knockoff_2": (3, 1), "knockoff_3": (1, 2),
    }  # fmt: skip
    (job,) = rules["knockoff_2"].jobs
    pattern = "results/tiny/knockoffs/{teacher}/{knockoff}/s"
    assert rules["knockoff_2"].outputs == tuple(f"{pattern}{seed}.safetensors" for seed in (0, 1, 2))
    assert (job.id, job.stage) == ("ls-cnn_digits/kd-cnn_digits", "knockoff")
    assert job.wildcards == {"teacher": "ls-cnn_digits", "knockoff": "kd-cnn_digits"}
    assert job.members == tuple(f"ls-cnn_digits--kd-cnn_digits-s{seed}" for seed in (0, 1, 2))
    assert {shape.stage for shape in rules.values()} == {"knockoff"}


def test_a_job_is_known_by_its_members_keys(plan_of):
    plan = plan_of()
    (job,) = jobs(plan, "baseline")
    keys = "".join(plan.members[i].key for i in job.members)
    assert job.digest == hashlib.blake2b(keys.encode(), digest_size=12).hexdigest()
    assert (job.id, job.wildcards, job.members) == ("all", {}, ("ls0.1-cnn_digits-s0", "ls0.1-cnn_digits-s1"))
    assert job.inputs == tuple(f"results/tiny/data/{part}.safetensors" for part in ("images", "split"))


def test_longer_values_are_tried_first(plan_of):
    """So that no value is taken for the start of another one."""
    plan = plan_of({"batch": {"knockoff": ["teacher", "seed"], "attack": []}, "knockoff": {"trials": 1}})
    (shape,) = plan.stage("knockoff")
    names = ["mkd_trial0-cnn_digits", "kd_trial0-cnn_digits", "mkd-cnn_digits", "kd-cnn_digits"]
    assert shape.constraints == {"knockoff": "|".join(re.escape(name) for name in names)}
    (shape,) = plan.stage("attack")
    assert shape.constraints["logits"] == "rescaled|raw"
    models = ["cmim-cnn_digits", "ce-cnn_digits", "ls-cnn_digits", "ta-T1-step0"]
    assert shape.constraints["model"].split("|")[:4] == [re.escape(name) for name in models]


def test_answers_stand_for_the_teacher_among_the_inputs(plan_of):
    plan = plan_of({"batch": {"knockoff": []}})
    job = plan.find_job("knockoff", "ls-cnn_digits/kd-cnn_digits/1")
    names = ("data/images", "data/split", "teachers/ls-cnn_digits/s1")
    assert job.inputs == tuple(f"results/tiny/{name}.safetensors" for name in names)
