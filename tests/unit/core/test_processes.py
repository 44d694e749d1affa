"""A process is known by its number, its start and its folder; one of them alone is not enough."""

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest

from distillab.core.processes import SLACK, Owner


@contextmanager
def stranger():
    """A process that has nothing to do with this project."""
    process = subprocess.Popen(["sleep", "60"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def owner(tmp_path):
    return Owner.this_process(tmp_path, "teach ce")


def test_this_process_is_found_by_what_it_wrote(owner, tmp_path):
    read = Owner.read(owner.text(), tmp_path)
    assert read == owner
    assert read.here()
    assert read.process() == psutil.Process()


def test_people_read_who_it_is(owner):
    named = replace(owner, host="elsewhere", pid=12)
    assert str(named).startswith("teach ce, pid 12 on elsewhere since 2")
    assert not named.here()
    assert str(owner).startswith(f"teach ce, pid {os.getpid()} on {socket.gethostname()} since ")


@pytest.mark.parametrize("off", [-3600.0, -SLACK - 0.5, SLACK + 0.5, 3600.0])
def test_another_process_with_the_number_of_a_dead_one_is_not_it(owner, off):
    with stranger() as process:
        started = psutil.Process(process.pid).create_time()
        assert replace(owner, pid=process.pid, started=started).process().pid == process.pid
        assert replace(owner, pid=process.pid, started=started + off).process() is None


def test_a_clock_that_was_set_a_little_hides_no_process(owner):
    assert replace(owner, started=owner.started + 0.9 * SLACK).process() is not None


def test_who_has_ended_is_no_process_even_if_nobody_asked_how(owner):
    with stranger() as process:
        ended = replace(owner, pid=process.pid, started=psutil.Process(process.pid).create_time())
        process.kill()
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert ended.process() is None
    assert ended.process() is None


@pytest.mark.parametrize("text", ["", "not json", "[]", "3", "{}", '{"pid": 1, "host": "h", "job": "j"}'])
def test_what_names_nobody_is_nobody(text, tmp_path):
    assert Owner.read(text, tmp_path) is None


def test_what_was_written_in_another_folder_is_nobody_here(owner, tmp_path):
    assert Owner.read(owner.text(), tmp_path / "copy") is None
