"""One run at a time, which ends when it is asked to, as a whole; and resume, which touches nothing else."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from project import LONG, Project, copy_project, different, wait_for

from distillab.core.processes import Owner

pytestmark = pytest.mark.workflow

TEACHERS = "results/tiny/receipts/teach/all.json"
"""What to ask snakemake for where data and teachers are enough."""

RUN = ("--cores", "2", TEACHERS)


@dataclass(frozen=True)
class Beside:
    """A run that others tried to disturb, and how they fared."""

    project: Project
    master: int
    code: int
    attempts: dict[str, subprocess.CompletedProcess[str]]
    stages: dict[str, list[Owner]]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Beside:
    """A run whose stage stands still while others start beside it, and which then goes on to its end."""
    project = copy_project(tmp_path_factory.mktemp("live") / "project")
    project.choose(LONG)
    master = project.start("snakemake", *RUN)
    wait_for(lambda: any("teach" in stage.job for stage in project.running()))
    stage = psutil.Process(project.running()[0].pid)
    stage.suspend()
    attempts, stages = {}, {"before": project.running()}
    for name, command in {
        "resume": ("distillab", "resume", "--", *RUN),
        "dry run": ("snakemake", "-n", *RUN),
        "second run": ("snakemake", *RUN),
        "unlock": ("snakemake", "--unlock"),
        "second run, unlocked": ("snakemake", *RUN),
    }.items():
        attempts[name] = project.run(*command, check=False)
        stages[name] = project.running()
    stage.resume()
    return Beside(project, master.pid, master.wait(), attempts, stages)


def test_the_run_is_left_alone_by_all_who_start_beside_it(live: Beside) -> None:
    assert len(live.stages["before"]) == 1
    assert all(stages == live.stages["before"] for stages in live.stages.values())
    assert live.code == 0, live.project.said.read_text()
    assert (live.project.root / TEACHERS).exists()


@pytest.mark.parametrize("name", ["resume", "second run", "second run, unlocked"])
def test_another_run_is_refused_and_told_which_one_goes_on(live: Beside, name: str) -> None:
    done = live.attempts[name]
    assert done.returncode == (3 if name == "resume" else 1)
    line = next(line for line in done.stderr.splitlines() if line.startswith("distillab: a run goes on"))
    assert f"got snakemake, pid {live.master} on " in line
    assert f"`kill {live.master}`" in line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["dry run", "unlock"])
def test_who_only_looks_is_not_refused(live: Beside, name: str) -> None:
    assert live.attempts[name].returncode == 0


def test_looking_takes_no_lock(fresh: Callable[[str], Project]) -> None:
    project = fresh("looked at")
    for command in (("-n",), ("--summary",), ("--unlock",), ("--lint",)):
        project.run("snakemake", *command, check=False)
    assert not (project.root / ".distillab" / "run.lock").exists()


def test_a_resume_that_is_asked_to_end_ends_as_a_whole_and_loses_nothing(
    live: Beside, fresh: Callable[[str], Project]
) -> None:
    project = fresh("interrupted")
    project.choose(LONG)
    log = project.results / "logs" / "teach" / "all.log"
    for send, number in (
        (os.kill, signal.SIGINT),
        (os.kill, signal.SIGTERM),
        (os.killpg, signal.SIGINT),
        (os.killpg, signal.SIGTERM),
    ):
        log.unlink(missing_ok=True)
        master = project.start("distillab", "resume", "--", *RUN)
        wait_for(lambda: log.exists() and "epoch" in log.read_text())
        below = psutil.Process(master.pid).children(recursive=True)
        assert below
        send(master.pid, number)
        assert master.wait(60) not in {0, -number}
        assert not [process for process in below if process.is_running()]
        assert not project.running()
        assert f"distillab: ended by {signal.Signals(number).name}" in log.read_text() or send is os.kill
        assert "Traceback" not in project.said.read_text() + log.read_text()
    project.run("distillab", "resume", "--", *RUN)
    assert different(live.project.payloads(), project.payloads()) == []


def test_a_resume_that_has_just_begun_ends_in_one_line(fresh: Callable[[str], Project]) -> None:
    project = fresh("begun")
    project.choose(LONG)
    lock = project.root / ".snakemake" / "locks" / "0.input.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    master = project.start("distillab", "resume", "--", *RUN)
    wait_for(lambda: psutil.Process(master.pid).children())  # it unlocks
    os.kill(master.pid, signal.SIGINT)
    assert master.wait(60) == 130
    (line,) = project.said.read_text().splitlines()
    assert line.startswith("distillab: ended by SIGINT")


def test_a_process_with_the_number_of_a_dead_stage_survives(fresh: Callable[[str], Project]) -> None:
    project = fresh("reused")
    project.choose(LONG)
    register = project.root / ".distillab" / "running"
    register.mkdir(parents=True)
    with subprocess.Popen(["sleep", "600"], cwd=project.root) as stranger:
        owner = replace(Owner.this_process(register, "teach all"), pid=stranger.pid)
        stale = replace(owner, started=psutil.Process(stranger.pid).create_time() - 3600)
        path = Path(register / f"{owner.host}-{owner.pid}.json")
        path.write_text(stale.text(), encoding="utf-8")
        done = project.run("distillab", "resume", "--", "-n", *RUN, check=False)
        alive = stranger.poll() is None
        stranger.kill()
    assert alive
    assert done.returncode == 0, done.stderr
    assert not path.exists()
