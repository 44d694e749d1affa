"""Resume ends what is proven to be a leftover of this project, on this machine, and nothing else."""

import logging
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest

from distillab.cli import resume as module
from distillab.cli.resume import end_leftovers, resume, unlock
from distillab.core.errors import ArtifactError
from distillab.core.processes import Owner

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: None); print(flush=True); time.sleep(60)"

RUN = """
import time
from pathlib import Path
from distillab.core.locks import hold_run
hold_run(Path(".distillab"))
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def process(*command):
    """A process that lives for a minute unless it is ended."""
    running = subprocess.Popen(command or ["sleep", "60"], stdout=subprocess.PIPE)
    try:
        yield running
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


def register(register_folder, running, **other):
    """Write the entry of a running process, changed as told; returns it and its file."""
    started = psutil.Process(running.pid).create_time()
    owner = replace(Owner.this_process(register_folder, "teach ce"), pid=running.pid, started=started)
    owner = replace(owner, **{name: value(owner) for name, value in other.items()})
    path = register_folder / f"{running.pid}.json"
    path.write_text(owner.text())
    return owner, path


def test_a_leftover_is_ended_and_struck_off(tmp_path, caplog):
    with process() as leftover, caplog.at_level(logging.INFO):
        owner, path = register(tmp_path, leftover)
        end_leftovers(tmp_path)
        assert not psutil.pid_exists(leftover.pid)
        assert not path.exists()
        assert f"ending a leftover process: {owner}" in caplog.text


def test_a_leftover_that_does_not_end_is_made_to(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with process(sys.executable, "-c", STUBBORN) as leftover:
        leftover.stdout.readline()
        _owner, path = register(tmp_path, leftover)
        end_leftovers(tmp_path)
        assert not psutil.pid_exists(leftover.pid)
        assert not path.exists()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"started": lambda owner: owner.started - 60}, id="its number was another's"),
        pytest.param({"folder": lambda owner: owner.folder + "2"}, id="it belongs to another project"),
    ],
)
def test_a_process_that_is_not_proven_ours_survives_and_its_entry_goes(tmp_path, other):
    with process() as stranger:
        _owner, path = register(tmp_path, stranger, **other)
        end_leftovers(tmp_path)
        time.sleep(0.2)
        assert stranger.poll() is None
        assert not path.exists()


def test_a_process_on_another_host_is_named_and_left_alone(tmp_path, caplog):
    with process() as stranger:
        owner, path = register(tmp_path, stranger, host=lambda _: "elsewhere")
        end_leftovers(tmp_path)
        time.sleep(0.2)
        assert stranger.poll() is None
        assert path.exists()
        assert f"{owner} may still run" in caplog.text
        assert str(tmp_path) in caplog.text


def test_nothing_is_touched_while_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    register_folder = tmp_path / ".distillab" / "running"
    register_folder.mkdir(parents=True)
    with process(sys.executable, "-c", RUN) as run, process() as stage:
        assert run.stdout.readline() == b"held\n"
        _owner, path = register(register_folder, stage)
        with pytest.raises(ArtifactError, match="a run goes on in this project"):
            resume([])
        time.sleep(0.2)
        assert stage.poll() is None
        assert path.exists()
        assert os.listdir() == [".distillab"]  # noqa: PTH208 - no snakemake has been here


@pytest.mark.parametrize("locked", [True, False])
def test_what_it_does_in_order(monkeypatch, tmp_path, locked):
    done = []
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake" / "locks").mkdir(parents=True)
    if locked:
        (tmp_path / ".snakemake" / "locks" / "0.input.lock").touch()
    monkeypatch.setattr(module, "hold_run", lambda folder: done.append(("hold", str(folder))))
    monkeypatch.setattr(module, "end_leftovers", lambda folder: done.append(("end", str(folder))))
    monkeypatch.setattr(module, "unlock", lambda: done.append("unlock"))
    snakemake = SimpleNamespace(main=lambda arguments: done.append(arguments) or 7)
    monkeypatch.setitem(sys.modules, "snakemake.cli", snakemake)
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.NullHandler()])
    with pytest.raises(SystemExit) as end:
        resume(["--cores", "2"])
    assert end.value.code == 7
    unlocked = ["unlock"] if locked else []
    assert done == [("hold", ".distillab"), ("end", ".distillab/running"), *unlocked, ["--cores", "2"]]
    assert logging.getLogger().handlers == []


@pytest.mark.parametrize("code", [0, 1])
def test_a_lock_that_stays_is_told(monkeypatch, code):
    asked = []

    def run(command, **options):
        asked.append((command, options))
        return SimpleNamespace(returncode=code, stderr=" in use \n")

    monkeypatch.setattr(module.subprocess, "run", run)
    if code:
        with pytest.raises(SystemExit) as end:
            unlock()
        assert end.value.code == "distillab: snakemake --unlock failed: in use"
    else:
        unlock()
    command = [sys.executable, "-m", "snakemake", "--unlock"]
    assert asked == [(command, {"capture_output": True, "text": True, "check": False})]


def test_nobody_is_waited_for_without_end(tmp_path, monkeypatch):
    waited = []

    def wait(processes, timeout=None):
        waited.append((len(processes), timeout))
        return [], []

    monkeypatch.setattr(module.psutil, "wait_procs", wait)
    with process() as leftover:
        register(tmp_path, leftover)
        end_leftovers(tmp_path)
    assert waited == [(1, module.PATIENCE), (0, module.PATIENCE)]


ASKED = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (print('asked', flush=True), sys.exit())); "
    "print(flush=True); time.sleep(60)"
)


def test_a_leftover_is_asked_before_it_is_made_to_end(tmp_path):
    with process(sys.executable, "-c", ASKED) as leftover:
        leftover.stdout.readline()
        register(tmp_path, leftover)
        end_leftovers(tmp_path)
        assert leftover.stdout.read() == b"asked\n"
