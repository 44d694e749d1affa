"""One clean end of real processes, whichever signal comes, and however often."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest

from distillab.core.signals import Interrupted, end_on_signals, ending

PROGRAM = """
import sys, time
from distillab.core.signals import {how}, Interrupted

{how}()
{start}
try:
    print("ready", flush=True)
    while True:
        time.sleep(0.01)
except Interrupted as error:
    print(error, flush=True)
    end = time.monotonic() + {clean}
    while time.monotonic() < end:
        time.sleep(0.01)
    print("cleaned up", flush=True)
    sys.exit(error.exit_code)
"""
SLOW = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: {way}); print('ready', flush=True); time.sleep(60)"
)


@contextmanager
def program(how="end_on_signals", start="", clean=0.0):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(how=how, start=start, clean=clean)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_ends_and_the_next_do_not_disturb(number, code):
    with program(clean=0.5) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == f"ended by {number.name}\n"
        for again in (signal.SIGINT, signal.SIGTERM):
            process.send_signal(again)
        assert process.communicate()[0] == "cleaned up\n"
        assert process.returncode == code


@pytest.fixture
def stage(tmp_path):
    """A program named as ours, which does as told when it is asked to end."""

    def write(way):
        path = tmp_path / way / "distillab"
        path.parent.mkdir()
        path.write_text(SLOW.format(way={"ends": "exit(0)", "stays": "None"}[way]))
        return path

    return write


def started(*command):
    """Text that starts a program, waits until it is ready, and says its number."""
    return (
        "import subprocess\n"
        f"child = subprocess.Popen({[str(part) for part in command]}, stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline()\nprint(child.pid, flush=True)"
    )


def ended(process):
    """Whether a process does nothing any more, reaped or not."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("way", ["ends", "stays"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_master_ends_its_stages(stage, way, number):
    start = started(sys.executable, stage(way)) + "\nimport distillab.core.signals as s; s.PATIENCE = 0.3"
    with program("end_with_stages_on_signals", start, clean=30.0) as process:
        child = psutil.Process(int(process.stdout.readline()))
        assert process.stdout.readline() == "ready\n"
        begin = time.monotonic()
        process.send_signal(number)
        while not ended(child):
            assert time.monotonic() - begin < 20
            time.sleep(0.01)
        if way == "stays":
            assert time.monotonic() - begin > 0.3


def test_a_master_leaves_other_programs_to_who_started_them(tmp_path):
    other = tmp_path / "scancel"
    other.write_text(SLOW.format(way="exit(0)"))
    with program("end_with_stages_on_signals", started(sys.executable, other), clean=0.5) as process:
        child = int(process.stdout.readline())
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        process.communicate()
        assert not ended(psutil.Process(child))
        os.kill(child, signal.SIGKILL)


def test_a_process_knows_whether_it_was_asked_to_end():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        end_on_signals()
        assert not ending()
        with pytest.raises(Interrupted, match="ended by SIGTERM"):
            signal.raise_signal(signal.SIGTERM)
        assert ending()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert not ending()
