"""A run, told in a terminal or a log while it goes on: what is done, how far, how long still, and what failed."""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from distillab.core.absence import one_line
from distillab.core.errors import DistillabError
from distillab.core.job import Job
from distillab.core.receipts import read_receipt
from distillab.core.signals import ending
from distillab.plan import load_plan
from distillab.plan.asked_models import asked_models
from distillab.plan.progress import AskedRun, Count, RunProgress, log_of
from distillab.plan.wording import counted, doing, span

CLEAR = "\r\033[K"

RARELY = 60.0
"""Seconds between lines of a run without a terminal, or a twentieth of the time that it has run for."""

SHOWN = 3
"""Failed members of a job that are told one by one."""


class Narrator:
    """Tells of the run of this process.

    Args:
        stream: Where to.
        live: Whether that is a terminal, whose last line can be written again and again.
        quiet: Whether only failures and the end are told.
        root: The project.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        live: bool,
        quiet: bool = False,
        root: Path = Path(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.stream, self.live, self.quiet, self.root, self.clock = stream, live, quiet, root, clock
        asked = AskedRun.read(root)
        if asked is None or asked.pid != os.getpid():
            raise LookupError("no run of this process")
        self.plan = load_plan(root)
        self.progress = RunProgress(self.plan, asked, root)
        self._asked = asked_models(self.plan, root)
        self._failed: dict[str, int] = {}
        self._told: set[str] = set()
        self._last = self.clock()
        self._drawn = False
        total = sum(len(job.members) for job in self.progress.jobs)
        jobs = counted(len(self.progress.jobs), "job")
        self._line(f"Making {counted(total, 'payload')} of {self.plan.preset} in {jobs}{self._left()}")

    def started(self, stage: str, job_id: str) -> None:
        """A job has begun, or waits in a cluster's queue."""
        self.progress.running[self._job(stage, job_id).output] = self.clock()
        self.tick()

    def finished(self, stage: str, job_id: str) -> None:
        """A job has ended, and made what could be made."""
        job = self._job(stage, job_id)
        self._settle(job)
        receipt = read_receipt(self.root / job.output) if job.writes_receipt else None
        missing = receipt.missing if receipt else {}
        self._failed[stage] = self._failed.get(stage, 0) + len(missing)
        for name, reason in list(missing.items())[:SHOWN]:
            self.say(f"Failed: {name}: {one_line(reason)} ({log_of(self.plan, job)})")
        if len(missing) > SHOWN:
            self.say(f"Failed: {len(missing) - SHOWN} more of {stage} {job_id} ({log_of(self.plan, job)})")
        self._tell_stages()

    def failed(self, stage: str, job_id: str) -> None:
        """A job has ended and made nothing, or was killed."""
        job = self._job(stage, job_id)
        self._settle(job)
        self.progress.give_up(job)
        self._failed[stage] = self._failed.get(stage, 0) + 1
        self.say(
            f"Failed: {stage} {job_id}: {last_line(self.root / log_of(self.plan, job))} ({log_of(self.plan, job)})"
        )

    def tick(self) -> None:
        """Some time has passed."""
        if self.live:
            self.progress.look()
            self._draw(self._now())
        elif self.clock() - self._last > max(RARELY, (self.clock() - self.progress.asked.started) / 20):
            self.progress.look()
            self._line(self._now())

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self.clear()
        self.stream.write(f"{line}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Take away the line that does not stay, for what others write."""
        if self._drawn:
            self.stream.write(CLEAR)
            self.stream.flush()
            self._drawn = False

    def end(self) -> None:
        """The run has ended: say what it answers, if its first page was made, or what there is instead."""
        self.clear()
        if ending():
            return
        pages = [self.root / job.output for job in self.progress.jobs if job.stage == "report"]
        made = [page for page in pages if page.is_file() and page.stat().st_mtime >= self.progress.asked.started]
        index = self.root / "results" / self.plan.preset / "reports" / "index.html"
        for model in self._asked:
            if total := model.total(self.progress.asked.started):
                self._line(total)
        lines = answer(index) if index in made else []
        if not lines:
            lines = [f"Done in {span(self.clock() - self.progress.asked.started)}", *map(str, made)]
        for line in lines:
            self.say(line)

    def _job(self, stage: str, job_id: str) -> Job:
        return self.plan.find_job(stage, job_id)

    def _settle(self, job: Job) -> None:
        self.progress.settled.add(job.output)
        self.progress.running.pop(job.output, None)
        self.progress.look()

    def _tell_stages(self) -> None:
        """Tell of the stages that are through since the last time."""
        open_stages = {job.stage for job in self.progress.jobs if job.output not in self.progress.settled}
        for count in self.progress.counts():
            if count.stage not in open_stages | self._told:
                self._told.add(count.stage)
                self._line(self._of(count) + self._left())
        self.tick()

    def _now(self) -> str:
        """What is being done."""
        stages = {job.stage for job in self.progress.jobs if job.output in self.progress.running}
        doing_now = [self._of(count) for count in self.progress.counts() if count.stage in stages]
        asking = [line for model in self._asked if (line := model.now(self.clock()))]
        return "; ".join([*asking, ("; ".join(doing_now) or "Between two jobs") + self._left()])

    def _of(self, count: Count) -> str:
        failed = self._failed.get(count.stage)
        what = doing(self.plan, count.stage, count.members)
        return f"{what}, {count.done} of {len(count.members)}" + (f", {failed} failed" if failed else "")

    def _left(self) -> str:
        left = self.progress.left(self.clock())
        return f", {span(left)} left" if left >= 1 else ""

    def _line(self, line: str) -> None:
        self._last = self.clock()
        if not self.quiet:
            self.say(line)

    def _draw(self, line: str) -> None:
        if not self.quiet:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(CLEAR + (line if len(line) <= width else f"{line[: width - 1]}…"))
            self.stream.flush()
            self._drawn = True


def answer(page: Path) -> list[str]:
    """What a finished run answers, as `distillab answer` says it; nothing where it cannot be said."""
    from distillab.cli.answer import answer_lines

    with suppress(DistillabError, OSError):
        return answer_lines(page.parents[1])
    return []


def say_answer(stream: TextIO) -> None:
    """What the preset's last run answers, where nothing was left to do."""
    for line in answer(Path("results") / load_plan().preset / "reports" / "index.html"):
        stream.write(f"{line}\n")


def last_line(log: Path) -> str:
    """The last line of a log that says something, fit for a terminal."""
    try:
        with log.open("rb") as handle:
            handle.seek(max(0, log.stat().st_size - 4096))
            lines = handle.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return "it left no log"
    return one_line(next((line for line in reversed(lines) if line.strip()), "its log is empty"))
