"""Checks at the top of the workflow: what is let through, and the one line about what is not."""

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from distillab.core import locks
from distillab.core.errors import ArtifactError, SpecError
from distillab.plan import workflow
from distillab.plan.workflow import exit_on_error, find_own_programs, foreign_config, look_first, tell_of_unseen_gpus


def test_programs_of_this_environment_come_first(monkeypatch):
    monkeypatch.setenv("PATH", "/elsewhere:/usr/bin")
    find_own_programs()
    assert os.environ["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/elsewhere", "/usr/bin"]
    monkeypatch.delenv("PATH")
    find_own_programs()
    assert os.environ["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}"


def test_values_on_the_command_line_are_refused():
    foreign_config({})
    with pytest.raises(SpecError) as error:
        foreign_config({"preset": "mnist", "seeds": 3})
    assert str(error.value) == (
        "snakemake --config: parameters are read from params.yaml only; got preset=mnist, seeds=3; "
        "edit params.yaml, or run `distillab use PRESET`"
    )


def test_errors_end_snakemake_line_by_line():
    error = SpecError("")
    error.args = ("params: one\nparams: two",)
    with pytest.raises(SystemExit) as end, exit_on_error():
        raise error
    assert end.value.code == "distillab: params: one\ndistillab: params: two"
    with pytest.raises(ZeroDivisionError), exit_on_error():
        raise ZeroDivisionError
    with exit_on_error():
        pass


def test_receipts_are_looked_at_first_but_not_while_a_run_goes_on(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    asked, plan = [], object()

    def refuse(folder):
        asked.append(folder)
        raise ArtifactError("a run goes on")

    monkeypatch.setattr(workflow, "refuse_beside_run", refuse)
    monkeypatch.setattr(workflow, "take_away_untrue", asked.append)
    with caplog.at_level(logging.WARNING, "distillab"):
        look_first(plan)
    assert (asked, caplog.messages) == ([Path(".distillab")], ["distillab: a run goes on"])
    monkeypatch.setattr(workflow, "refuse_beside_run", lambda _folder: None)
    look_first(plan)
    assert asked[1:] == [plan]
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("plan", "gpus", "told"),
    [
        (SimpleNamespace(device="auto", computes_on="cpu"), ["0", "1"], True),
        (SimpleNamespace(device="auto", computes_on="cuda"), ["0"], False),
        (SimpleNamespace(device="auto", computes_on="cpu"), [], False),
        (SimpleNamespace(device="cpu", computes_on="cpu"), ["0"], False),
    ],
)
def test_gpus_that_torch_does_not_see_are_told_in_one_line(monkeypatch, caplog, plan, gpus, told):
    monkeypatch.setattr(workflow, "gpus_here", lambda: gpus)
    with caplog.at_level(logging.WARNING, "distillab"):
        tell_of_unseen_gpus(plan)
    assert len(caplog.messages) == told
    if told:
        assert "sees none of this machine's GPUs (0, 1): everything computes on the processor" in caplog.text
        assert "\n" not in caplog.messages[0]


def test_a_master_holds_the_run_and_ends_with_its_stages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = []
    monkeypatch.setattr(workflow, "hold_run", done.append)
    monkeypatch.setattr(workflow, "mend_plugin", lambda: done.append("plugin"))
    monkeypatch.setattr(workflow, "end_with_stages_on_signals", lambda: done.append("signals"))
    workflow.become_master()
    assert done == [Path(".distillab"), "plugin", "signals"]


LOOKING = """
import sys, time
from pathlib import Path
from distillab.core.locks import exclusive
with exclusive(Path(sys.argv[1])):
    print("looking", flush=True)
    time.sleep(0.5)
    Path("removed").touch()
"""


def test_no_run_begins_while_another_start_looks_at_receipts(tmp_path, monkeypatch):
    """It takes away what was not true when it looked: receipts that the run has written since."""
    monkeypatch.chdir(tmp_path)
    for name in ("hold_run", "mend_plugin", "end_with_stages_on_signals"):
        monkeypatch.setattr(workflow, name, lambda *_: None)
    command = [sys.executable, "-c", LOOKING, str(workflow.LOOK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "looking\n"
        workflow.become_master()
        assert Path("removed").exists()


def test_receipts_are_looked_at_by_one_start_at_a_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workflow, "take_away_untrue", lambda _plan: held.append(locks.held(workflow.LOOK)))
    held = []
    look_first(object())
    assert held == [True]
    assert not locks.held(workflow.LOOK)
