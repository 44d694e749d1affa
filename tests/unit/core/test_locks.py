"""One writer per artifact and one run per project, among real processes that live, end and are killed."""

import errno
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import psutil
import pytest

from distillab.core.errors import ArtifactError, BlockedError
from distillab.core.locks import exclusive, held, hold_run, living, refuse_beside_run, registered
from distillab.core.processes import Owner

HOLD = """
import sys
from pathlib import Path
from distillab.core.locks import exclusive, registered
with exclusive(Path(sys.argv[1]) / "lock"), registered(Path(sys.argv[1]) / "running", "teach ce"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder, what=HOLD):
    """Another process that holds the lock of ``folder``, or its run, until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", what, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_writer_is_refused_with_one_line_that_names_the_first(tmp_path):
    with holder(tmp_path) as first:
        with (
            pytest.raises(ArtifactError, match="is being written by another process") as error,
            exclusive(tmp_path / "lock"),
        ):
            pytest.fail("two writers")
        assert f"got pid {first.pid} on {socket.gethostname()};" in str(error.value)
        assert str(tmp_path) in str(error.value)
        assert "distillab resume" in str(error.value)
        assert "\n" not in str(error.value)
        assert held(tmp_path / "lock")
        first.communicate("")
        with exclusive(tmp_path / "lock"):
            assert (tmp_path / "lock").read_text() == f"pid {os.getpid()} on {socket.gethostname()}"


def test_a_killed_writer_holds_nothing(tmp_path):
    with holder(tmp_path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert not held(tmp_path / "lock")
    with exclusive(tmp_path / "lock"):
        pass


def test_who_waits_gets_the_lock_in_the_end(tmp_path):
    with holder(tmp_path) as first:
        second = subprocess.Popen(
            [sys.executable, "-c", HOLD.replace('"lock")', '"lock", wait=True)'), str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(0.5)
        first.communicate("")
        assert second.stdout.readline() == "held\n"
        second.communicate("")
        assert second.returncode == 0


def test_the_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock"):
        raise ZeroDivisionError
    assert not held(tmp_path / "lock")


def test_looking_at_a_lock_neither_takes_nor_makes_it(tmp_path):
    assert not held(tmp_path / "lock")
    assert not (tmp_path / "lock").exists()
    with exclusive(tmp_path / "lock"):
        pass
    assert not held(tmp_path / "lock")


def test_a_running_stage_is_registered_until_it_ends(tmp_path):
    with holder(tmp_path) as process:
        (owner,) = living(tmp_path / "running")
        assert (owner.pid, owner.host, owner.job) == (process.pid, socket.gethostname(), "teach ce")
        assert owner.started == psutil.Process(process.pid).create_time()
        process.communicate("")
        assert living(tmp_path / "running") == []
    assert not list((tmp_path / "running").iterdir())


def test_a_killed_stage_is_struck_off(tmp_path):
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert list((tmp_path / "running").iterdir())
        assert living(tmp_path / "running") == []
    assert not list((tmp_path / "running").iterdir())


def test_stages_of_other_hosts_are_left_to_them(tmp_path):
    entry = tmp_path / "elsewhere-1.json"
    owner = replace(Owner.this_process(tmp_path, "teach ce"), host="elsewhere", pid=2**22 + 1)
    entry.write_text(owner.text())
    assert living(tmp_path) == [owner]
    assert entry.exists()


@pytest.mark.parametrize("text", ["", "{}", '{"pid": 1, "host": "h", "job": "teach ce"}'])
def test_an_entry_that_proves_nothing_is_struck_off(tmp_path, text):
    (tmp_path / "h-1.json").write_text(text)
    assert living(tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_entries_in_a_copy_of_the_project_mean_the_original(tmp_path):
    with holder(tmp_path / "original"):
        shutil.copytree(tmp_path / "original", tmp_path / "copy")
        assert living(tmp_path / "copy" / "running") == []
        assert len(living(tmp_path / "original" / "running")) == 1


def test_an_entry_goes_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), registered(tmp_path, "teach ce"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


RUN = """
import sys
from pathlib import Path
from distillab.core.locks import hold_run
hold_run(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("attempt", [hold_run, refuse_beside_run])
def test_a_second_run_is_refused_with_one_line_that_names_the_first(tmp_path, attempt):
    with holder(tmp_path, RUN) as first:
        since = datetime.fromtimestamp(psutil.Process(first.pid).create_time()).strftime("%Y-%m-%d %H:%M:%S")
        with pytest.raises(ArtifactError, match="a run goes on in this project") as error:
            attempt(tmp_path)
        assert f"got snakemake, pid {first.pid} on {socket.gethostname()} since {since};" in str(error.value)
        assert f"`kill {first.pid}`" in str(error.value)
        assert "\n" not in str(error.value)
        first.send_signal(signal.SIGKILL)
        first.wait()
        refuse_beside_run(tmp_path)
        with holder(tmp_path, RUN):
            pass


def test_a_run_on_another_host_is_not_to_be_killed_by_its_number_here(tmp_path):
    owner = replace(Owner.this_process(tmp_path, "snakemake"), host="elsewhere")
    with holder(tmp_path, RUN):
        (tmp_path / "run.lock").write_text(owner.text())
        with pytest.raises(ArtifactError, match=r"on elsewhere since .* on its own machine") as error:
            refuse_beside_run(tmp_path)
        assert "kill" not in str(error.value)


def test_there_is_no_run_where_nobody_holds_the_lock(tmp_path):
    refuse_beside_run(tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "run.lock").write_text(Owner.this_process(tmp_path, "snakemake").text())
    refuse_beside_run(tmp_path)


def test_who_holds_the_run_is_not_beside_it(tmp_path):
    """`distillab resume` holds it from its first step, and then is the run itself."""
    code = RUN.replace("print", "hold_run(Path(sys.argv[1])); refuse_beside_run(Path(sys.argv[1])); print")
    code = code.replace("import hold_run", "import hold_run, refuse_beside_run")
    with holder(tmp_path, code), pytest.raises(ArtifactError, match="a run goes on"):
        hold_run(tmp_path)


WITH_A_CHILD = """
import os, sys, time
from pathlib import Path
from distillab.core.gpus import take_gpu
from distillab.core.locks import exclusive, hold_run
folder = Path(sys.argv[1])
hold_run(folder)
take_gpu(folder / "gpus", ["0", "1"], {})
with exclusive(folder / "lock"):
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.read()
"""
"""As a loader of images does, whose workers live on for a while when their parent is killed."""


@pytest.fixture
def parent(tmp_path):
    """A process with locks, and the number of its child."""
    process = subprocess.Popen(
        [sys.executable, "-c", WITH_A_CHILD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    child = int(process.stdout.readline())
    try:
        yield process, child
    finally:
        os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()


def test_the_locks_of_a_killed_process_do_not_live_on_in_its_children(tmp_path, parent):
    process, child = parent
    locks = [tmp_path / "lock", tmp_path / "run.lock", *(tmp_path / "gpus").iterdir()]
    assert len(locks) == 3
    assert [held(lock) for lock in locks] == [True] * 3, "a fork frees nothing"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert psutil.pid_exists(child)
    assert [held(lock) for lock in locks] == [False] * 3


def test_a_child_that_ends_well_frees_nothing_of_its_parents(tmp_path):
    with exclusive(tmp_path / "lock"):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        assert held(tmp_path / "lock")
    assert not held(tmp_path / "lock")


LOOK = """
import sys
from pathlib import Path
from distillab.core.locks import held
print("held", flush=True)
while True:
    held(Path(sys.argv[1]) / "lock")
"""


def test_who_merely_looks_is_in_nobodys_way(tmp_path):
    """`distillab status`, `prune` and each start of Snakemake look at the locks of whatever begins just then."""
    with holder(tmp_path, LOOK):
        for _ in range(300):
            with exclusive(tmp_path / "lock"):
                pass
            assert not held(tmp_path / "lock")


def test_a_look_takes_no_lock_that_nfs_refuses_a_reader(tmp_path, monkeypatch):
    """There a file that is open for reading cannot be locked for one process alone (flock(2))."""

    def flock(handle, how):
        if how & fcntl.LOCK_EX and not handle.writable():
            raise OSError(errno.EBADF, "Bad file descriptor")
        return real(handle, how)

    real = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", flock)
    with holder(tmp_path):
        assert held(tmp_path / "lock")
    assert not held(tmp_path / "lock")


@pytest.mark.parametrize("attempt", [hold_run, lambda folder: exclusive(folder / "lock").__enter__()])
def test_a_file_system_without_locks_is_one_line(tmp_path, monkeypatch, attempt):
    def flock(_handle, _how):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(BlockedError, match=r"cannot be locked; expected a file system with locks .*not implemented"):
        attempt(tmp_path)
