"""How a run ended, in a few lines: what is missing, why, and where the reasons come from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distillab.core.absence import read_failures, write_failures
from distillab.core.receipts import Receipt, write_receipt
from distillab.core.sidecar import Sidecar, payload_of, write_sidecar
from distillab.plan.outcome import SHOWN, render, summary

BEGAN = 1_700_000_000


@pytest.fixture
def plan(plan_of):
    """Teachers of two seeds, one job for each defense; 8 teachers in 4 jobs."""
    return plan_of({"studies": ["undistillable"], "batch": {"teach": ["seed"]}})


def job_of(plan, name="ls-cnn_digits"):
    return plan.find_job("teach", name)


def receipt(root, job, missing=None):
    made = {member: "0" * 64 for member in job.members if member not in (missing or {})}
    write_receipt(root / job.output, Receipt(digest=job.digest, made=made, missing=missing or {}))


def log_of(root, job, text, time=BEGAN + 1):
    """The log of a job, as of a moment after the run that goes on began."""
    path = root / "results" / "tiny" / "logs" / job.stage / f"{job.id}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time, time))
    lock = root / ".distillab" / "run.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    os.utime(lock, (BEGAN, BEGAN))


def lay(root, member, key=None):
    """A payload with its sidecar."""
    path = root / member.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights")
    sidecar = Sidecar(stage="teach", id=member.id, key=key or member.key, spec={}, code="", parents={},
                      payload=payload_of(path), environment={})  # fmt: skip
    write_sidecar(path, sidecar)


def said(plan, root, *jobs):
    return summary(plan, {job.output for job in jobs}, root).splitlines()


def test_where_all_is_there_nothing_is_said(plan, tmp_path):
    job, page = job_of(plan), plan.find_job("report", "index")
    receipt(tmp_path, job)
    (tmp_path / page.output).parent.mkdir(parents=True)
    (tmp_path / page.output).write_text("<main>")
    assert said(plan, tmp_path, job, page) == []
    assert said(plan, tmp_path) == []


def test_what_was_not_asked_for_is_not_missing(plan, tmp_path):
    receipt(tmp_path, job_of(plan))
    receipt(tmp_path, job_of(plan, "st-cnn_digits"), {"st-cnn_digits-s0": "boom"})
    assert said(plan, tmp_path, job_of(plan)) == []


def test_members_that_failed_are_named_with_their_reason(plan, tmp_path):
    one, two = job_of(plan), job_of(plan, "st-cnn_digits")
    receipt(tmp_path, one, {"ls-cnn_digits-s1": "ValueError: boom"})
    receipt(tmp_path, two)
    assert said(plan, tmp_path, one, two) == [
        "distillab: 1 of 4 payloads could not be made",
        "  teach ls-cnn_digits: ls-cnn_digits-s1: ValueError: boom",
        "The same command makes just these: what was made stays.",
    ]


def test_a_long_list_is_cut_and_counted(plan, tmp_path):
    jobs = plan.stage("measure")
    for job in jobs:
        receipt(tmp_path, job, dict.fromkeys(job.members, "boom"))
    total = sum(len(job.members) for job in jobs)
    head, *lines, more, _end = said(plan, tmp_path, *jobs)
    assert total > SHOWN
    assert head == f"distillab: {total} of {total} payloads could not be made"
    assert len(lines) == SHOWN
    assert more == f"  and {total - SHOWN} more; the pages name them all"


def test_a_job_that_was_killed_has_the_last_line_of_its_log_as_its_reason(plan, tmp_path):
    job = job_of(plan)
    made, killed = job.members
    lay(tmp_path, plan.members[made])
    lay(tmp_path, plan.members[killed], key="left by other parameters")
    log_of(tmp_path, job, "22:00 first\n22:01 ls-cnn_digits-s1: epoch 3\n")
    word = "its job was killed, or ran out of memory or time; the last line of its log: 22:01 ls-cnn_digits-s1: epoch 3"
    assert said(plan, tmp_path, job)[1:-1] == [f"  teach ls-cnn_digits: {killed}: {word}"]
    assert read_failures(tmp_path, plan) == {killed: word}, "for the pages"


def test_a_job_that_refused_to_begin_has_its_own_words_as_its_reason(plan, tmp_path):
    job = job_of(plan)
    log_of(tmp_path, job, "22:00 teach\ndistillab: teach ls-cnn_digits: the parameters have changed; run again\n")
    reason = "teach ls-cnn_digits: the parameters have changed; run again"
    assert said(plan, tmp_path, job)[1:-1] == [f"  teach ls-cnn_digits: {m}: {reason}" for m in job.members]
    assert read_failures(tmp_path, plan) == dict.fromkeys(job.members, reason)


def test_a_job_that_a_signal_ended_may_have_run_out_of_time(plan, tmp_path):
    log_of(tmp_path, job_of(plan), "distillab: ended by SIGTERM; nothing is lost\n")
    assert "was killed, or ran out of memory or time" in said(plan, tmp_path, job_of(plan))[1]


def test_a_job_without_a_word_says_so(plan, tmp_path):
    log_of(tmp_path, job_of(plan), "")
    assert said(plan, tmp_path, job_of(plan))[1].endswith("the last line of its log: nothing")


def test_a_reason_that_a_job_wrote_down_itself_is_kept(plan, tmp_path):
    job = job_of(plan)
    write_failures(tmp_path, "tiny", job, dict.fromkeys(job.members, "CUDA is gone"))
    log_of(tmp_path, job, "Traceback\n")
    assert said(plan, tmp_path, job)[1:-1] == [f"  teach ls-cnn_digits: {m}: CUDA is gone" for m in job.members]


@pytest.mark.parametrize("log", [None, BEGAN - 1], ids=["no log", "an older run's log"])
def test_a_job_that_never_ran_says_so_and_nothing_is_written_down(plan, tmp_path, log):
    job = job_of(plan)
    if log:
        log_of(tmp_path, job, "all is well\n", log)
    assert said(plan, tmp_path, job)[1:-1] == [
        f"  teach ls-cnn_digits: {member}: its job did not run" for member in job.members
    ]
    assert read_failures(tmp_path, plan) == {}


def test_a_job_all_of_whose_members_are_at_their_places_is_missing_all_the_same(plan, tmp_path):
    """It was ended before it wrote its receipt."""
    job = job_of(plan)
    for member in job.members:
        lay(tmp_path, plan.members[member])
    assert said(plan, tmp_path, job)[0] == "distillab: 1 of 2 payloads could not be made"


def test_pages_are_rendered_by_this_environments_program(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(subprocess, "run", lambda command, **options: ran.append((command, options)))
    render([], tmp_path)
    assert ran == []
    render(iter(["ta", "index"]), tmp_path)
    program = Path(sys.executable).parent / "distillab"
    assert ran == [([program, "pages", "--in-run", "index", "ta"], {"cwd": tmp_path, "check": False})]
