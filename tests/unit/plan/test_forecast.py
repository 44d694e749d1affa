"""How long a run takes: jobs on cores, by hand, and what stands in for what nobody recorded."""

from types import SimpleNamespace

import pytest

from distillab.core.job import UNRECKONED, Job
from distillab.core.throughput import Throughput
from distillab.plan import forecast as forecasting
from distillab.plan.forecast import TYPICAL, Forecast, gpus_of, wall_seconds
from distillab.plan.priorities import START


def job(name, inputs=(), threads=1, stage="s"):
    return Job(stage=stage, id=name, members=(name,), inputs=inputs, output=name, digest="", threads=threads)


def wall(jobs, seconds, cores):
    ranks = {("s", name): rank for rank, name in enumerate(reversed(seconds))}
    return wall_seconds(jobs, seconds, ranks, cores)


FORK = [job("trunk"), job("leaf", ("trunk",)), job("bud", ("trunk",)), job("apart"), job("page", ("leaf", "bud"))]
FORK_SECONDS = {"trunk": 2.0, "leaf": 5.0, "bud": 3.0, "apart": 4.0, "page": 1.0}


@pytest.mark.parametrize(("cores", "seconds"), [(1, 15.0), (2, 10.0), (3, 8.0), (99, 8.0)])
def test_the_wall_is_that_of_the_schedule(cores, seconds):
    """By hand on two: trunk 0-2, apart 0-4, leaf 2-7, bud 4-7, page 7-8; the ranks let bud go before apart."""
    assert wall(FORK, FORK_SECONDS, cores) == (8.0 if cores == 2 else seconds)


def test_a_wide_job_waits_for_its_cores_and_is_cut_to_those_there_are():
    jobs = [job("long"), job("wide", threads=2), job("narrow")]
    assert wall(jobs, {"long": 3.0, "wide": 2.0, "narrow": 1.0}, 2) == 5.0
    assert wall([job("wide", threads=8)], {"wide": 2.0}, 2) == 2.0


@pytest.mark.parametrize(("gpus", "seconds"), [(None, 3.0), (2, 6.0), (1, 9.0), (0, 9.0)])
def test_jobs_that_compute_take_turns_on_the_gpus(gpus, seconds):
    jobs = [*(job(name, stage="teach") for name in "abc"), *(job(name, stage="collect") for name in "de")]
    ranks = {(each.stage, each.id): rank for rank, each in enumerate(jobs)}
    assert wall_seconds(jobs, {each.output: 3.0 for each in jobs}, ranks, 16, gpus) == seconds


def test_gpus_of_this_machine_count_where_a_plan_computes_on_one(monkeypatch):
    monkeypatch.setattr(forecasting, "gpus_here", lambda: ["0", "1"])
    assert [gpus_of(SimpleNamespace(computes_on=kind)) for kind in ("cuda", "cpu")] == [2, None]
    monkeypatch.setattr(forecasting, "gpus_here", list)
    assert gpus_of(SimpleNamespace(computes_on="cuda")) is None, "of a cluster nobody knows how many it has"


def test_what_is_there_already_is_not_waited_for():
    assert wall([job("page", ("made before",))], {"page": 1.0}, 1) == 1.0
    assert wall([], {}, 2) == 0.0


def test_what_nobody_recorded_is_its_share_of_its_jobs_passes(rich, tmp_path):
    speeds = Throughput(tmp_path)
    for each in rich.jobs:
        for key in each.passes:
            speeds.put(key, 0.01)
    forecast = Forecast(rich, tmp_path)
    teach = next(each for each in rich.jobs if each.stage == "teach" and each.passes)
    share = 0.01 * sum(teach.passes.values()) / len(teach.members)
    assert forecast.seconds(rich.members[teach.members[0]]) == pytest.approx(share)
    page = next(each for each in rich.jobs if each.stage == "report")
    assert forecast.of_process([rich.members[page.members[0]]]) == START + TYPICAL["report"]
    assert forecast.of_process([]) == 0.0
    assert not forecast.is_recorded(rich.members[teach.members[0]])


def test_work_that_nobody_can_reckon_is_taken_for_typical(rich, tmp_path):
    measured = next(each for each in rich.jobs if each.stage == "measure")
    unknown = measured.model_copy(update={"passes": {UNRECKONED: 1}})
    plan = rich.model_copy(update={"jobs": tuple(unknown if each is measured else each for each in rich.jobs)})
    assert Forecast(plan, tmp_path).seconds(plan.members[measured.members[0]]) == TYPICAL["measure"] > 0
