"""A run told line by line: with a terminal and without one, to its good or bad end."""

import io
import os
import re

import pytest

from distillab.blackbox.asked import FRESH, Answered, journal_of
from distillab.cli.narrator import CLEAR, SHOWN, Narrator
from distillab.core.receipts import Receipt, write_receipt
from distillab.core.signals import ending
from distillab.plan import load_plan
from distillab.plan.asked_models import AskedModel
from distillab.plan.progress import AskedRun, note_asked

LOG = "results/tiny/logs/teach/all.log"


@pytest.fixture
def told(project):
    """A narrator of all jobs of a small project, what it writes, and a clock to set."""

    def make(*, live=False, quiet=False):
        plan, now, stream = load_plan(project), [1_700_000_000.0], io.StringIO()
        AskedRun(os.getpid(), now[0], 2, tuple(job.output for job in plan.jobs)).write(project)
        narrator = Narrator(stream, live=live, quiet=quiet, root=project, clock=lambda: now[0])
        return narrator, stream, now

    return make


def receipt(project, missing):
    job = load_plan(project).find_job("teach", "all")
    write_receipt(project / job.output, Receipt(digest=job.digest, made={}, missing=missing))


def log(project, text):
    (project / LOG).parent.mkdir(parents=True, exist_ok=True)
    (project / LOG).write_bytes(text)


def test_of_another_processs_run_nothing_is_told(project):
    with pytest.raises(LookupError):
        Narrator(io.StringIO(), live=False, root=project)
    note_asked([], 1, project)
    AskedRun(os.getpid() + 1, 0.0, 1, ()).write(project)
    with pytest.raises(LookupError):
        Narrator(io.StringIO(), live=False, root=project)


def test_without_a_terminal_there_are_few_lines_and_no_escapes(told):
    narrator, stream, now = told()
    narrator.started("teach", "all")
    for _ in range(100):
        now[0] += 1
        narrator.tick()
    head, line = stream.getvalue().splitlines()
    assert re.fullmatch(r"Making \d+ payloads of tiny in 9 jobs, \d+ s left", head)
    assert re.fullmatch(r"Training 2 teachers under 2 defenses, 0 of 2(, .* left)?", line)
    assert "\033" not in stream.getvalue()


def test_a_terminals_last_line_is_written_again_and_cleared_for_others(told):
    narrator, stream, _now = told(live=True)
    narrator.started("teach", "all")
    narrator.tick()
    assert stream.getvalue().count(f"{CLEAR}Training 2 teachers under 2 defenses, 0 of 2") == 2
    narrator.clear()
    assert stream.getvalue().endswith(CLEAR)
    written = len(stream.getvalue())
    narrator.clear()
    assert len(stream.getvalue()) == written


def test_a_stage_that_is_through_has_a_line_once(told):
    narrator, stream, _now = told()
    narrator.finished("prepare", "all")
    narrator.finished("teach", "all")
    lines = stream.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [
        "Preparing Digits (8x8)",
        "Training 2 teachers under 2 defenses",
    ]


def test_a_job_that_died_is_told_at_once_with_its_last_words(project, told):
    narrator, stream, _now = told()
    log(project, b"first\nValueError: boom \x1b[31m \xff\n\n")
    narrator.failed("teach", "all")
    assert f"Failed: teach all: ValueError: boom [31m \ufffd ({LOG})" in stream.getvalue().splitlines()
    (project / LOG).unlink()
    narrator.failed("teach", "all")
    assert f"Failed: teach all: it left no log ({LOG})" in stream.getvalue().splitlines()


def test_members_that_failed_are_told_and_counted(project, told):
    narrator, stream, _now = told()
    receipt(project, {f"m{number}": "boom" for number in range(SHOWN + 2)})
    narrator.finished("teach", "all")
    lines = stream.getvalue().splitlines()
    assert lines[1 : 2 + SHOWN] == [
        *(f"Failed: m{number}: boom ({LOG})" for number in range(SHOWN)), f"Failed: 2 more of teach all ({LOG})",
    ]  # fmt: skip
    assert lines[-1].startswith(f"Training 2 teachers under 2 defenses, 0 of 2, {SHOWN + 2} failed")


def test_the_end_is_the_answer_where_its_page_was_made_in_this_run(project, told, monkeypatch):
    narrator, stream, now = told()
    page = project / "results/tiny/reports/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("")
    monkeypatch.setattr("distillab.cli.answer.answer_lines", lambda results: [f"All of {results.name}.", "Made."])
    narrator.end()
    assert stream.getvalue().splitlines()[-2:] == ["All of tiny.", "Made."]
    os.utime(page, (now[0] - 1, now[0] - 1))
    now[0] += 130
    narrator.end()
    assert stream.getvalue().splitlines()[-1] == "Done in 2 min"


def test_a_model_that_is_asked_is_told_of_while_it_is_and_in_the_end(project, told, monkeypatch):
    journal = journal_of(project, "far")
    monkeypatch.setattr("distillab.cli.narrator.asked_models", lambda _plan, _root: [AskedModel("far", journal, 100)])
    narrator, stream, now = told(live=True)
    narrator.started("teach", "all")
    assert "Asking" not in stream.getvalue()
    Answered(20, 4.0, 1.5, 0, now[0], now[0]).write(journal)
    narrator.tick()
    line = stream.getvalue().rpartition(CLEAR)[2]
    assert line.startswith("Asking far: 20 of 100 answers, 4 a second, cost so far 1.50, 20 s left; Train")
    now[0] += 2 * FRESH
    narrator.tick()
    assert stream.getvalue().rpartition(CLEAR)[2].startswith("Training 2 teachers")
    narrator.end()
    assert f"{CLEAR}Asked far: 20 answers, cost so far 1.50\n" in stream.getvalue()


def test_a_quiet_run_tells_failures_and_the_end_alone(project, told):
    narrator, stream, _now = told(quiet=True)
    narrator.started("teach", "all")
    narrator.failed("teach", "all")
    narrator.end()
    first, last = stream.getvalue().splitlines()
    assert first.startswith("Failed: teach all: ")
    assert last == "Done in 0 s"
    assert not ending()
