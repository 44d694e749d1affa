"""Snakemake's Slurm plugin (2.8.0), mended where it would wait for ever for a job that it hears nothing of."""

import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

PLUGIN = "snakemake_executor_plugin_slurm"

LOOKS = 3
"""A job that so many answers of the queue in a row do not name has left Slurm's memory; one that was just sent is named
at once."""

log = logging.getLogger("distillab")


def mend_plugin() -> None:
    """Have the plugin ask again about jobs of which nothing was told, and let go of those that the queue has forgotten.

    It drops a job where no query was answered, as while the controller is down, and waits for it without asking. It
    takes a job that the queue does not name for one that is on its way there; but a queue forgets what has ended
    (``MinJobAge``), as while the master is stopped. Such a job ended: Snakemake then looks for its files, and sends it
    again if they are not there.
    """
    plugin: Any = sys.modules.get(PLUGIN)
    if plugin is None or hasattr(plugin.Executor, "heard"):
        return
    heard, executor = _Heard(plugin.query_job_status), plugin.Executor
    executor.heard = heard
    plugin.query_job_status = heard.query
    executor.check_active_jobs = _mended(executor.check_active_jobs, heard)
    for name in ("report_job_success", "report_job_error"):
        setattr(executor, name, _noted(heard, getattr(executor, name)))


class _Sent(Protocol):
    """A job that was sent."""

    external_jobid: str


class _Executor(Protocol):
    """What is used of the plugin's."""

    def report_job_success(self, job: _Sent) -> None:
        """Have Snakemake look for the job's files."""


_Look = Callable[[_Executor, list[_Sent]], AsyncIterator[_Sent]]


class _Heard:
    """What the last look told."""

    def __init__(self, query: Callable[..., Any]) -> None:
        self.ask = query
        self.told: set[int] = set()
        self.named: set[str] | None = None
        """Ids that the queue named; None where it did not answer, and of accounts, which forget nothing."""
        self.unnamed: Counter[str] = Counter()
        """Looks in a row that did not name a job."""

    async def query(self, command: str, *more: object, **options: object) -> tuple[dict[str, str] | None, float | None]:
        """What the plugin's own query answers, kept."""
        states, seconds = await self.ask(command, *more, **options)
        self.named = None if states is None or not command.startswith("squeue") else set(states)
        return states, seconds

    def begin(self) -> None:
        """Nothing is known before a look."""
        self.told.clear()
        self.named = None

    def forgotten(self, job: str) -> bool:
        """Whether the queue has not named a job for so long that it ended; one task of an array names all of them."""
        if self.named is None:
            return False
        if _sent_as(job) in {_sent_as(name) for name in self.named}:
            del self.unnamed[job]
            return False
        self.unnamed[job] += 1
        return self.unnamed[job] >= LOOKS


def _sent_as(job: str) -> str:
    """The id that ``sbatch`` told: the queue writes tasks of an array as 7_3, and those that wait as 7_[4-9]."""
    return job.partition("_")[0]


def _mended(check: _Look, heard: _Heard) -> _Look:
    """A look at the queue that yields the jobs to ask about again."""

    async def check_all(self: _Executor, active: list[_Sent]) -> AsyncIterator[_Sent]:
        heard.begin()
        async for job in check(self, active):
            heard.told.add(id(job))
            if heard.forgotten(job.external_jobid):
                log.warning("Slurm has forgotten job %s, which has ended: looking for its files", job.external_jobid)
                self.report_job_success(job)
            else:
                yield job
        for job in active:
            if id(job) not in heard.told:
                yield job

    return check_all


def _noted(heard: _Heard, report: Callable[..., None]) -> Callable[..., None]:
    """A report that notes of which job something was told."""

    def noting(self: object, job: object, *said: object, **more: object) -> None:
        heard.told.add(id(job))
        report(self, job, *said, **more)

    return noting
