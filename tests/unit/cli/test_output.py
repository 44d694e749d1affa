"""What cannot be printed: one line and an exit code where a person can still read it, nothing where nobody can."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distillab.cli import main

FULL = Path("/dev/full")


def command(*arguments, **streams):
    """The command as a process of its own, whose output is kept back until it ends."""
    program = [sys.executable, "-c", "import sys; from distillab.cli import main; sys.exit(main())", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(program, stderr=subprocess.PIPE, text=True, env=environment, check=False, **streams)


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["teach"], 1)])
def test_a_reader_that_is_gone_is_no_error_to_tell(arguments, code, project):
    reading, writing = os.pipe()
    os.close(reading)
    done = command(*arguments, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_one_line(project):
    with FULL.open("w") as full:
        done = command("teach", stdout=full)
    assert (done.returncode, done.stderr) == (3, "distillab: No space left on device; --debug shows where\n")


def test_a_closed_output_is_nothing_to_fail_of(project, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["check"]) == 0


def test_an_error_of_the_system_is_one_line_with_its_file(project, capsys):
    (project / "reports" / "index.py").unlink()
    (project / "params.yaml").write_text("preset: tiny\n")
    assert main(["check"]) == 3
    assert capsys.readouterr().err == "distillab: reports/index.py: No such file or directory; --debug shows where\n"
    with pytest.raises(FileNotFoundError):
        main(["--debug", "check"])
