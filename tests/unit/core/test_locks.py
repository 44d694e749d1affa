"""One writer per artifact, among real processes that live, end and are killed."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from distillab.core.errors import ArtifactError
from distillab.core.locks import any_running, exclusive, held, living, registered

HOLD = """
import sys
from pathlib import Path
from distillab.core.locks import exclusive, registered
with exclusive(Path(sys.argv[1]) / "lock"), registered(Path(sys.argv[1]) / "running", "teach ce"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder):
    """Another process that holds the lock of ``folder`` until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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
        assert living(tmp_path / "running") == [{"pid": process.pid, "host": socket.gethostname(), "job": "teach ce"}]
        assert any_running(tmp_path / "running")
        process.communicate("")
        assert living(tmp_path / "running") == []
    assert not list((tmp_path / "running").iterdir())


def test_a_killed_stage_is_struck_off(tmp_path):
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert list((tmp_path / "running").iterdir())
        assert not any_running(tmp_path / "running")
    assert not list((tmp_path / "running").iterdir())


def test_stages_of_other_hosts_are_left_to_them(tmp_path):
    entry = tmp_path / "elsewhere-1.json"
    entry.write_text(json.dumps({"pid": 1, "host": "elsewhere", "job": "teach ce"}))
    assert living(tmp_path) == []
    assert any_running(tmp_path)
    assert entry.exists()


def test_a_stranger_with_the_number_of_a_dead_stage_is_no_stage(tmp_path):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        entry = {"pid": stranger.pid, "host": socket.gethostname(), "job": "teach ce"}
        (tmp_path / f"x-{stranger.pid}.json").write_text(json.dumps(entry))
        assert living(tmp_path) == []
    finally:
        stranger.kill()
        stranger.wait()


def test_an_entry_goes_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), registered(tmp_path, "teach ce"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
