"""What stands, what runs, what failed: from files alone, beside a run and without one."""

import json
import subprocess
import sys
import time

import pytest

from distillab.cli import main
from distillab.core.absence import write_failures
from distillab.core.locks import registered
from distillab.core.receipts import Receipt, write_receipt
from distillab.plan import load_plan
from distillab.plan.progress import AskedRun


@pytest.fixture
def plan(project):
    return load_plan(project)


def said(capsys):
    assert main(["status"]) == 0
    return capsys.readouterr().out.splitlines()


def test_without_a_run_everything_is_counted_and_the_time_told(plan, capsys):
    head, *stages, left = said(capsys)
    assert head == "tiny: no run goes on"
    assert "  Training 2 teachers under 2 defenses: 0 of 2" in stages
    assert "  Stealing 2 teachers with 1 attack: 0 of 2" in stages
    assert left.startswith("left: ")
    assert left.endswith((" core", " cores"))


def test_a_run_is_told_by_what_it_was_asked_for_and_what_runs(project, plan, capsys):
    """The lock goes with a process, so one of its own holds it."""
    job = plan.find_job("teach", "all")
    AskedRun(1, time.time(), 3, (job.output,)).write(project)
    code = ("import sys, time\nfrom pathlib import Path\nfrom distillab.core.locks import hold_run\n"
            "hold_run(Path('.distillab')); print('held', flush=True); time.sleep(600)")  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as master:
        assert master.stdout.readline() == "held\n"
        with registered(project / ".distillab" / "running", "teach all"):
            head, teachers, left = said(capsys)
        master.kill()
    assert head.startswith(f"tiny: a run goes on: snakemake, pid {master.pid} on ")
    assert teachers.startswith("  Training 2 teachers under 2 defenses: 0 of 2, running: all for ")
    assert left.endswith("on 3 cores")


def test_failures_have_their_reason_and_log_once_for_all_alike(project, plan, capsys):
    job = plan.find_job("teach", "all")
    write_failures(project, "tiny", job, dict.fromkeys(job.members, "boom \x1b[31m"))
    lines = said(capsys)
    assert "failed: 2; the same snakemake command tries just these again" in lines
    assert f"  {job.members[0]} and 1 more: boom [31m (results/tiny/logs/teach/all.log)" in lines


def test_what_other_parameters_left_behind_is_stale(project, plan, capsys):
    job = plan.find_job("teach", "all")
    write_receipt(project / job.output, Receipt(digest="another", made={}))
    assert "stale: 2 payloads in 1 job of other parameters or code, made anew by the next run" in said(capsys)
    write_receipt(project / job.output, Receipt(digest=job.digest, made={}))
    assert not any(line.startswith("stale") for line in said(capsys))


def test_it_is_fast_for_it_imports_nothing_heavy(project, plan):
    code = (
        "import json, sys\nfrom distillab.cli import main\nmain(['status'])\n"
        "print(json.dumps([name for name in ('torch', 'numpy', 'pandas', 'snakemake') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
