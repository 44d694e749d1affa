"""Snakemake's Slurm plugin, as it is: its own look at the queue, with the answers of a queue that we know."""

import asyncio
import sys
from types import SimpleNamespace

import pytest

from distillab.core.slurm_plugin import LOOKS, PLUGIN, mend_plugin

plugin = pytest.importorskip(PLUGIN)


class Limiter:
    async def __aenter__(self):
        return None

    async def __aexit__(self, *_error):
        return None


class Queue:
    """Answers look after look: states by job; None where the controller is down."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def query(self, command, _logger):
        assert command.startswith(("squeue", "sacct"))
        answer = self.answers.pop(0)
        return (None, None) if answer is None else (answer, 0.01)


@pytest.fixture
def look(monkeypatch):
    """Looks of a mended plugin at a queue: the jobs to ask about again, and what was reported of the others."""

    def looking(jobs, *answers, command="squeue"):
        executor_class = type("Executor", (plugin.Executor,), {"__init__": lambda _self: None})
        for name in ("report_job_success", "report_job_error"):
            setattr(
                executor_class,
                name,
                lambda self, job, name=name, **_more: self.ended.append((job.external_jobid, name[11:])),
            )
        mended = SimpleNamespace(Executor=executor_class, query_job_status=Queue(*answers).query)
        monkeypatch.setitem(sys.modules, PLUGIN, mended)
        mend_plugin()
        mend_plugin()  # once is enough
        # The plugin looks its own query up among its module's names.
        monkeypatch.setattr(plugin, "query_job_status", mended.query_job_status)
        monkeypatch.setattr(plugin, "get_min_job_age", lambda: 300)
        monkeypatch.setattr(plugin, "is_query_tool_available", lambda _name: True)
        settings = SimpleNamespace(
            init_seconds_before_status_checks=1, status_attempts=1, keep_successful_logs=True, requeue=True
        )
        executor = executor_class()
        vars(executor).update(
            ended=[], run_uuid="run", workflow=SimpleNamespace(executor_settings=settings),
            logger=SimpleNamespace(**dict.fromkeys(("debug", "info", "warning", "error"), lambda *_: None)),
            get_status_command=lambda: command, _status_query_failures=0, _status_query_calls=0,
            _status_query_total_seconds=0.0, _status_query_min_seconds=None, _status_query_max_seconds=0.0,
            _status_query_cycle_rows=[], _preemption_warning=False, _failed_nodes=set(),
            _next_seconds_between_status_checks=1,
        )  # fmt: skip
        monkeypatch.setattr(executor_class, "status_rate_limiter", Limiter(), raising=False)
        active = [SimpleNamespace(external_jobid=job, aux={"slurm_logfile": None}) for job in jobs]

        async def left():
            return [job async for job in executor.check_active_jobs(active)]

        for _ in answers:
            active = asyncio.run(left())
        return [job.external_jobid for job in active], executor.ended

    return looking


def test_jobs_of_a_queue_that_answers_are_told_as_the_plugin_tells_them(look):
    states = {"1": "RUNNING", "2": "COMPLETED", "3": "FAILED"}
    assert look("123", states) == (["1"], [("2", "success"), ("3", "error")])


def test_where_the_queue_does_not_answer_all_are_asked_about_again(look):
    assert look("123", None) == (["1", "2", "3"], [])
    assert look("12", *[None] * (2 * LOOKS)) == (["1", "2"], [])
    assert look("12", None, {"1": "COMPLETED", "2": "RUNNING"}) == (["2"], [("1", "success")])


def test_a_job_that_the_queue_has_forgotten_has_ended(look, caplog):
    """The fault: a master that was stopped for longer than MinJobAge waited for it for ever."""
    known = {"2": "RUNNING"}
    assert look("12", *[known] * (LOOKS - 1)) == (["1", "2"], [])
    assert not caplog.records
    assert look("12", *[known] * LOOKS) == (["2"], [("1", "success")])
    assert "Slurm has forgotten job 1" in caplog.text
    assert look("1", *[{}] * LOOKS) == ([], [("1", "success")])


def test_looks_without_an_answer_do_not_count_and_those_that_name_the_job_begin_anew(look):
    unnamed, named = {"2": "RUNNING"}, {"1": "PENDING", "2": "RUNNING"}
    assert look("12", *[unnamed] * (LOOKS - 1), *[None] * LOOKS) == (["1", "2"], [])
    assert look("12", *[unnamed] * (LOOKS - 1), named, *[unnamed] * (LOOKS - 1)) == (["1", "2"], [])


def test_tasks_of_an_array_that_wait_are_not_forgotten(look):
    assert look(["7_1", "7_2"], *[{"7_[1-2%1]": "PENDING"}] * (2 * LOOKS)) == (["7_1", "7_2"], [])
    assert look(["7_1"], *[{"70_1": "RUNNING"}] * LOOKS) == ([], [("7_1", "success")])


def test_accounts_forget_nothing_and_may_be_late(look):
    assert look("12", *[{"2": "RUNNING"}] * (2 * LOOKS), command="sacct") == (["1", "2"], [])


def test_without_the_plugin_there_is_nothing_to_mend(monkeypatch):
    monkeypatch.delitem(sys.modules, PLUGIN, raising=False)
    mend_plugin()
