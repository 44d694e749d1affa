"""Snakemake's logger plugin: found by its name, and out of the way where it cannot help."""

import io
import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from snakemake_logger_plugin_distillab import INPUTS, LogHandler


def handler_of(monkeypatch, **said):
    """A handler, and what it writes."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    settings = {"printshellcmds": False, "nocolor": True, "quiet": None, "debug_dag": False, "verbose": False,
                "show_failed_logs": False, "stdout": False, "dryrun": False}  # fmt: skip
    return LogHandler(SimpleNamespace(**settings | said), None), stream


def record(text, event=None, level=logging.INFO, **extra):
    made = logging.LogRecord("snakemake", level, "", 0, text, None, None)
    made.__dict__ |= {"event": event} | extra
    return made


def info(**extra):
    return record("", LogEvent.JOB_INFO, **{
        "jobid": 1, "rule_name": "teach", "wildcards": {"job": "all"}, "rule_msg": None, "reason": "", "resources": {},
        "local": False, "is_checkpoint": False, "input": [], "output": ["out"], "log": [], "benchmark": None,
        "priority": 0, "threads": 1,
    } | extra)  # fmt: skip


def test_snakemake_finds_it_by_its_name():
    assert LoggerPluginRegistry().get_plugin("distillab").log_handler is LogHandler


def test_outside_a_project_snakemakes_own_words_take_its_place(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    handler, stream = handler_of(monkeypatch)
    handler.handle(info())
    assert "rule teach:" in stream.getvalue()
    handler.handle(record("Select jobs to execute..."))
    assert stream.getvalue().endswith("Select jobs to execute...\n"), "from then on it stays aside"
    handler.close()


@pytest.mark.parametrize("said", [{"verbose": True}, {"printshellcmds": True}, {"debug_dag": True}])
def test_who_asks_for_snakemakes_words_gets_them(monkeypatch, said):
    handler, stream = handler_of(monkeypatch, **said)
    handler.handle(record("Building DAG of jobs..."))
    assert stream.getvalue() == "Building DAG of jobs...\n"


def test_what_snakemake_says_before_a_run_is_left_out_and_warnings_are_not(monkeypatch):
    handler, stream = handler_of(monkeypatch)
    handler.handle(record("Building DAG of jobs..."))
    handler.handle(record("", LogEvent.RUN_INFO))
    handler.handle(record("Nothing to be done"))
    handler.handle(record("mind the gap", level=logging.WARNING))
    assert stream.getvalue().splitlines() == ["Nothing to be done", "mind the gap"]


def test_what_slurms_plugin_says_of_each_run_is_left_out_and_what_it_warns_of_is_not(monkeypatch):
    handler, stream = handler_of(monkeypatch)
    handler.handle(record("SLURM run ID: 0a1b"))
    handler.handle(record("No SLURM account given, trying to guess.", level=logging.WARNING))
    handler.handle(record("Unable to guess SLURM account. Trying to proceed without.", level=logging.WARNING))
    assert stream.getvalue() == ""
    handler.handle(record("SLURM job '7' failed, SLURM status is: 'TIMEOUT'.", level=logging.WARNING))
    assert "TIMEOUT" in stream.getvalue()
    handler.close()


def test_a_dry_run_names_a_few_inputs_of_each_job(monkeypatch):
    handler, stream = handler_of(monkeypatch, dryrun=True)
    handler.handle(info(input=[f"file{number}" for number in range(INPUTS + 40)]))
    assert f"input: {', '.join(f'file{number}' for number in range(INPUTS))}, and 40 more\n" in stream.getvalue()
