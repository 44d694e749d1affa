"""What a job asks a cluster for: passes from its members' costs, memory from the data set."""

from collections import Counter

from distillab.plan.costs import cost_of
from distillab.plan.priorities import UNKNOWN
from distillab.plan.reckoning import ATTACK_PASS, CERTIFIED_STEP, CHECKS, Reckoning
from distillab.plan.resources import BASE_MB, COPIES, memory_mb, passes_of


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
        name: sum(passes_of(plan, job.model_copy(update={"members": (name,)})).values())
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
    assert passes_of(two, both) == both.passes == {key: 2 * count for key, count in one.passes.items()}


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
