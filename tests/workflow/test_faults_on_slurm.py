"""What happens to jobs, masters and daemons of a real one-node Slurm costs time only: the bytes are the same.

The file lies apart from `test_slurm.py` in the order of names: two workers would wait for the one node.
"""

import os
import signal
import time
from collections.abc import Callable

import pytest
from cluster import (
    RUN,
    TEACHERS,
    ask,
    bring_up,
    ended,
    hold,
    in_training,
    kill_daemon,
    needs_slurm,
    queue,
    remembered,
    short_memory,
    stage_of,
)
from project import LONG, Project, copy_project, different, wait_for

pytestmark = [*needs_slurm, pytest.mark.usefixtures("slurm")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("undisturbed") / "project")
    project.choose(LONG)
    project.snakemake(TEACHERS)
    return project


@pytest.fixture
def project(undisturbed: Project, fresh: Callable[[str], Project]):
    """A project for a run that is disturbed, and whose bytes must be those of one that was not."""
    disturbed = fresh("disturbed")
    yield disturbed
    assert different(undisturbed.payloads(), disturbed.payloads()) == []


def attempts(project: Project) -> list[str]:
    """What Slurm wrote of each time that the teachers were begun."""
    logs = (project.root / ".snakemake" / "slurm_logs" / "rule_teach").rglob("*.log")
    return [log.read_text() for log in sorted(logs, key=lambda log: int(log.stem))]


def test_a_canceled_job_is_sent_again(project: Project) -> None:
    master = in_training(project)
    (job,) = queue(project, "RUNNING")
    ask("scancel", job)
    ended(project, master)


def test_a_dead_masters_jobs_are_ended_by_resume(project: Project) -> None:
    master = in_training(project)
    release = hold(project)
    os.kill(master.pid, signal.SIGKILL)
    master.wait()
    left = queue(project)
    assert left
    release()
    project.run("distillab", "resume", "--", *RUN)
    assert not queue(project)


def test_a_drained_node_makes_a_run_wait(project: Project) -> None:
    project.choose(LONG)
    ask("scontrol", "update", "nodename=localhost", "state=drain", "reason=test")
    try:
        master = project.start("distillab", "resume", "--", *RUN)
        wait_for(lambda: queue(project, "PENDING"))
        time.sleep(5)
        assert master.poll() is None
        assert not queue(project, "RUNNING")
    finally:
        ask("scontrol", "update", "nodename=localhost", "state=resume")
    ended(project, master)


@pytest.mark.nightly
def test_a_requeued_job_starts_again_and_the_master_waits(project: Project) -> None:
    master = in_training(project)
    (job,) = queue(project, "RUNNING")
    project.forget_log("teach")
    ask("scontrol", "requeue", job)
    wait_for(lambda: not queue(project, "RUNNING"))
    assert queue(project) == [job]
    ended(project, master)


@pytest.mark.nightly
def test_a_killed_controller_is_waited_for(project: Project) -> None:
    master = in_training(project)
    kill_daemon("slurmctld")
    time.sleep(20)
    assert master.poll() is None
    bring_up()
    ended(project, master)


@pytest.mark.nightly
def test_a_killed_node_daemon_does_not_end_its_jobs(project: Project) -> None:
    master = in_training(project)
    kill_daemon("slurmd")
    stage = stage_of(project)
    time.sleep(5)
    assert stage.is_running()
    bring_up()
    ended(project, master)


@pytest.mark.nightly
def test_a_job_that_meets_its_time_limit_gets_more(project: Project) -> None:
    master = in_training(project, "--set-resources", "teach:runtime=attempt")
    stage = stage_of(project)
    hold(project)
    wait_for(lambda: not stage.is_running())
    ended(project, master)
    assert "DUE TO TIME LIMIT" in attempts(project)[0]


@pytest.mark.nightly
def test_a_job_that_meets_its_memory_limit_gets_more(project: Project) -> None:
    project.choose(LONG)
    master = project.start("distillab", "resume", "--", *RUN, "--set-resources", "teach:mem_mb=attempt**4*200")
    ended(project, master)
    assert "exceeded memory limit" in attempts(project)[0]


@pytest.mark.nightly
def test_a_job_that_slurm_forgot_while_the_master_was_stopped_has_ended(project: Project) -> None:
    with short_memory():
        master = in_training(project)
        master.send_signal(signal.SIGSTOP)
        wait_for(lambda: not remembered(project))
        master.send_signal(signal.SIGCONT)
        said = ended(project, master)
    assert "Slurm has forgotten job" in said
