"""What is done, runs, failed or is stale, and how long the rest takes: while a run goes on, and when none does."""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

from distillab.core.absence import read_failures
from distillab.core.job import Plan
from distillab.core.locks import RUN, held, living
from distillab.core.processes import Owner
from distillab.core.receipts import read_receipt
from distillab.core.workspace import HIDDEN

SHOWN = 10
"""Failures that are told one by one."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``status`` to the command line."""
    status = commands.add_parser(
        "status",
        help="say what is done, runs, failed or is stale, and the time left",
        description="Say what of params.yaml is done, what runs, what failed and why, what other parameters or code "
        "left behind, and the time that the rest takes. Changes nothing, beside a run too.",
    )
    status.set_defaults(command=run_status)


def run_status(_options: argparse.Namespace) -> int:
    """Print the state of the project."""
    from distillab.plan import load_plan

    for line in status_lines(load_plan(), Path()):
        print(line)
    return 0


def status_lines(plan: Plan, root: Path) -> Iterator[str]:
    """The run, a line for each stage, failures, what is stale, the time left."""
    from distillab.plan.forecast import gpus_of
    from distillab.plan.progress import AskedRun, RunProgress
    from distillab.plan.wording import counted, doing, span

    asked = AskedRun.read(root) if held(root / HIDDEN / RUN) else None
    outputs = tuple(job.output for job in plan.jobs)
    everything = AskedRun(0, time.time(), os.cpu_count() or 1, outputs, gpus_of(plan))
    progress = RunProgress(plan, asked or everything, root)
    runs = {owner.job: owner.started for owner in living(root / HIDDEN / "running")}
    progress.running = {job.output: runs[name] for job in plan.jobs if (name := f"{job.stage} {job.id}") in runs}
    yield f"{plan.preset}: {_master(root) if asked else 'no run goes on'}"
    for count in progress.counts():
        now = [f"{name.partition(' ')[2]} for {span(time.time() - since)}" for name, since in runs.items()
               if name.startswith(f"{count.stage} ")]  # fmt: skip
        running = f", running: {'; '.join(now)}" if now else ""
        yield f"  {doing(plan, count.stage, count.members)}: {count.done} of {len(count.members)}{running}"
    yield from _failures(plan, root)
    stale = [job for job in plan.jobs if (receipt := read_receipt(root / job.output)) and receipt.digest != job.digest]
    if stale:
        payloads = counted(sum(len(job.members) for job in stale), "payload")
        jobs = counted(len(stale), "job")
        yield f"stale: {payloads} in {jobs} of other parameters or code, made anew by the next run"
    left = progress.left(time.time())
    time_left = f"{span(left)} on {counted(progress.asked.cores, 'core')}"
    yield f"left: {time_left if asked or left >= 1 else 'nothing; `distillab answer` says what it answers'}"


def _master(root: Path) -> str:
    folder = root / HIDDEN
    master = Owner.read((folder / RUN).read_text(encoding="utf-8"), folder)
    return f"a run goes on: {master or 'an unknown process'}"


def _failures(plan: Plan, root: Path) -> Iterator[str]:
    """What failed, together where a job's members failed alike."""
    from distillab.plan.progress import log_of

    jobs = {name: job for job in plan.jobs for name in job.members}
    alike: dict[tuple[str, Path], list[str]] = {}
    for name, reason in read_failures(root, plan).items():
        if name in jobs:
            alike.setdefault((reason, log_of(plan, jobs[name])), []).append(name)
    if alike:
        yield f"failed: {sum(map(len, alike.values()))}; the same snakemake command tries just these again"
    for (reason, log), (first, *others) in [*alike.items()][:SHOWN]:
        more = f" and {len(others)} more" if others else ""
        yield f"  {first}{more}: {reason} ({log})"
    if len(alike) > SHOWN:
        yield f"  and {len(alike) - SHOWN} other reasons"
