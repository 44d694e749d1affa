"""A one-node Slurm on this machine, runs that are sent to it, and what may happen to both."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from project import LONG, Project, wait_for

NODE = Path(__file__).with_name("slurm_node.sh")
ACCOUNTS = Path(__file__).with_name("slurm_accounts.sh")
ALLOWED = bool(os.environ.get("CI") or os.environ.get("DISTILLAB_SLURM"))

TEACHERS = "results/tiny/receipts/teach/all.json"

OFTEN = ("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1")
RUN = ("--profile", "slurm", *OFTEN, TEACHERS)

needs_slurm = [
    pytest.mark.workflow,
    pytest.mark.timeout(1500, func_only=True),  # another worker's test may have the node for minutes
    pytest.mark.skipif(not ALLOWED, reason="installs packages and starts daemons: only in CI or by `make slurm-test`"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to install and start Slurm"),
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs Debian's packages"),
]


def bring_up() -> None:
    """Install and start what is not there; the node is idle then."""
    _bash(NODE)


def _bash(script: Path, *arguments: str) -> None:
    command = ["bash", str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def accounts() -> Iterator[None]:
    """Within it, Slurm keeps accounts of its jobs in a database, as most clusters do."""
    try:
        _bash(ACCOUNTS, "on")
        yield
    finally:
        _bash(ACCOUNTS, "off")


@contextmanager
def short_memory() -> Iterator[None]:
    """Within it, the controller forgets a job soon after its end, instead of after five minutes."""
    settings = Path("/etc/slurm/slurm.conf")
    before = settings.read_text(encoding="utf-8")
    try:
        settings.write_text(before + "MinJobAge=10\n", encoding="utf-8")
        ask("scontrol", "reconfigure")
        yield
    finally:
        settings.write_text(before, encoding="utf-8")
        ask("scontrol", "reconfigure")


def ask(*command: str) -> str:
    """What a program of Slurm's says."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def queue(project: Project, state: str = "all") -> list[str]:
    """Ids of the jobs that a project has in the queue, in a state."""
    return _jobs(project, "PENDING,RUNNING,SUSPENDED,COMPLETING" if state == "all" else state)


def remembered(project: Project) -> list[str]:
    """Ids of all jobs of a project that the controller knows of, those that have ended, too."""
    return _jobs(project, "all")


def _jobs(project: Project, states: str) -> list[str]:
    rows = (line.split() for line in ask("squeue", "-h", "-t", states, "-o", "%i %Z").splitlines())
    return [job for job, place in rows if Path(place) == project.root]


def kill_daemon(name: str) -> None:
    """As a power cut would."""
    (daemon,) = (each for each in psutil.process_iter(["name"]) if each.info["name"] == name)
    daemon.kill()
    wait_for(lambda: not daemon.is_running())


def in_training(project: Project, *arguments: str) -> "subprocess.Popen[str]":
    """A master whose teachers are being trained on the node."""
    project.choose(LONG)
    project.forget_log("teach")
    master = project.start("distillab", "resume", "--", *RUN, *arguments)
    wait_for(lambda: "epoch" in project.log("teach") or master.poll() is not None)
    assert master.poll() is None, project.said.read_text()
    return master


def stage_of(project: Project) -> psutil.Process:
    """The process that trains."""
    (owner,) = project.running()
    return psutil.Process(owner.pid)


def ended(project: Project, master: "subprocess.Popen[str]") -> str:
    """What a master said that ended well."""
    code = master.wait(900)
    said = project.said.read_text()
    assert code == 0, said
    assert not queue(project)
    return said


def hold(project: Project) -> Callable[[], None]:
    """Stop the training where it is; the answer lets it go on."""
    stage = stage_of(project)
    stage.send_signal(signal.SIGSTOP)
    return stage.resume
