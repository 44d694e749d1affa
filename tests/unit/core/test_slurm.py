"""Jobs that a dead master left in Slurm's queue, and a controller that does not answer: with programs of its names."""

import logging
import math
import re
import sys
import time
from pathlib import Path

import pytest

from distillab.core import slurm
from distillab.core.slurm import end_queued, queued, tell_of_silence
from distillab.core.slurm_plugin import PLUGIN

RUN = "0a1b2c3d-0000-4000-8000-00aa11bb22cc"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a shell script of a name on PATH, where there is nothing else of Slurm's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def put(name, text):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    return put


def test_a_dead_masters_jobs_are_those_of_this_folder_under_a_runs_name(tmp_path, program):
    rows = [f"7|{RUN}|{tmp_path}", f"8_[1-3]|mine_{RUN}|{tmp_path}", f"9|{RUN}|/elsewhere", f"10|notebook|{tmp_path}"]
    program("squeue", "\n".join(f"echo '{row}'" for row in rows))
    assert queued(tmp_path) == ["7", "8_[1-3]"]


def test_they_are_canceled_and_waited_for(tmp_path, program, monkeypatch, caplog):
    monkeypatch.setattr(slurm.time, "sleep", lambda _seconds: None)
    looks, said = tmp_path / "looks", tmp_path / "said"
    program("squeue", f"echo >> {looks}; [ $(wc -l < {looks}) -gt 3 ] || echo '7|{RUN}|{tmp_path}'")
    program("scancel", f'echo "$@" >> {said}')
    with caplog.at_level(logging.INFO):
        end_queued(tmp_path)
    assert said.read_text() == "7\n"
    assert len(looks.read_text().splitlines()) == 4
    assert "ending jobs of a killed run in Slurm's queue: 7" in caplog.text


def test_without_jobs_nothing_is_canceled(tmp_path, program):
    program("squeue", "true")
    program("scancel", f"touch {tmp_path}/canceled")
    end_queued(tmp_path)
    assert not (tmp_path / "canceled").exists()


@pytest.mark.parametrize("text", ["exit 1", "sleep 30"])
def test_a_queue_that_cannot_be_asked_is_one_line(tmp_path, program, monkeypatch, caplog, text):
    monkeypatch.setattr(slurm, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(slurm._answer, "__defaults__", (0.5,))
    program("squeue", f"exec {text}" if text.startswith("sleep") else text)
    assert queued(tmp_path) == []
    assert [record.message for record in caplog.records] == [
        "Slurm's queue does not answer: jobs that a killed run left there may still write"
    ]


@pytest.mark.parametrize(
    ("plugin", "seconds", "answers", "lines"),
    [(True, 0, "sleep 30", 1), (True, 0, "true", 0), (True, math.inf, "sleep 30", 0), (False, 0, "sleep 30", 0)],
)
def test_a_long_start_names_the_controller_that_caused_it(
    program, monkeypatch, caplog, *, plugin, seconds, answers, lines
):
    monkeypatch.setattr(slurm, "LONG_START", seconds)
    monkeypatch.delitem(sys.modules, PLUGIN, raising=False)
    if plugin:
        monkeypatch.setitem(sys.modules, PLUGIN, object())
    program("scontrol", f"exec {answers}")
    begun = time.monotonic()
    tell_of_silence()
    assert time.monotonic() - begun < 20
    assert len(caplog.records) == lines
    assert all("Slurm's controller does not answer" in record.message for record in caplog.records)


def test_the_plugin_calls_its_runs_as_we_think():
    """By its source: it takes a UUID, and a prefix of the user's before it."""
    module = pytest.importorskip(PLUGIN)
    text = Path(module.__file__).read_text(encoding="utf-8")
    assert "self.run_uuid = str(uuid.uuid4())" in text
    assert re.search(r'"_"\.join\(\s*\[self\.workflow\.executor_settings\.jobname_prefix, self\.run_uuid\]', text)
    assert "--job-name" in (Path(module.__file__).parent / "submit_string.py").read_text(encoding="utf-8")
