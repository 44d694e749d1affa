"""How far a run is, from its files."""

import os
from dataclasses import replace

import pytest

from distillab.core.sidecar import Payload, Sidecar, sidecar_path, write_sidecar
from distillab.core.workspace import Workspace
from distillab.plan.priorities import START
from distillab.plan.progress import AskedRun, RunProgress, note_asked

BEGAN = 1_700_000_000.0


@pytest.fixture
def plan(plan_of):
    """One teacher of each of two seeds, and tables and pages."""
    return plan_of({
        "studies": ["undistillable"], "defenses": {"*": None, "ce": {}}, "knockoff": {"attacks": {"*": None}},
        "robustness": {"attacks": {"*": None}},
    })  # fmt: skip


def made(root, plan, name, seconds, at):
    """Finish a member in the store."""
    member = plan.members[name]
    payload = Workspace(root, plan).entry(member).payload
    payload.parent.mkdir(parents=True, exist_ok=True)
    write_sidecar(payload, Sidecar(
        stage=member.stage, id=name, key=member.key, spec=member.spec, code=member.code, parents={},
        payload=Payload(bytes=1, blake2b=""), environment={}, run={"seconds": seconds},
    ))  # fmt: skip
    os.utime(sidecar_path(payload), (at, at))


def teachers(plan):
    return next(job for job in plan.jobs if job.stage == "teach")


def asked(*jobs):
    return AskedRun(1, BEGAN, 2, tuple(job.output for job in jobs))


def test_what_is_asked_for_is_kept_and_read(tmp_path):
    assert AskedRun.read(tmp_path) is None
    note_asked(["a", "b"], 3, tmp_path)
    found = AskedRun.read(tmp_path)
    assert (found.pid, found.cores, found.outputs) == (os.getpid(), 3, ("a", "b"))
    (tmp_path / ".distillab" / "asked.json").write_text('{"pid": 1}')
    assert AskedRun.read(tmp_path) is None


def test_members_are_counted_as_they_are_made(plan, tmp_path):
    progress = RunProgress(plan, asked(teachers(plan)), tmp_path)
    assert [(count.stage, count.done, len(count.members)) for count in progress.counts()] == [("teach", 0, 2)]
    made(tmp_path, plan, "ce-cnn_digits-s0", 10.0, BEGAN + 5)
    progress.look()
    assert [count.done for count in progress.counts()] == [1]


def test_the_time_left_is_that_of_members_alike_less_what_the_present_one_has_had(plan, tmp_path):
    made(tmp_path, plan, "ce-cnn_digits-s0", 10.0, BEGAN + 20)
    job = teachers(plan)
    progress = RunProgress(plan, asked(job), tmp_path)
    assert progress.left(BEGAN + 20) == START + 10.0
    progress.running[job.output] = BEGAN + 8
    assert progress.left(BEGAN + 24) == pytest.approx(6.0)
    assert progress.left(BEGAN + 99) == pytest.approx(1.0), "one that takes longer is never quite done"
    progress.settled.add(job.output)
    assert progress.left(BEGAN + 99) == 0.0


def test_without_records_the_runs_own_pace_tells(plan, tmp_path):
    """Nine tenths of the guessed work, done in 90 s, leave 10 s."""
    job = teachers(plan)
    progress = RunProgress(plan, replace(asked(job), cores=1), tmp_path)
    whole = progress.left(BEGAN)
    progress.running[job.output] = BEGAN
    left = progress.left(BEGAN + 90)
    assert left / 90 == pytest.approx(_guess(progress) / (whole - _guess(progress)))


def _guess(progress):
    """By hand: the second teacher, and a tenth of the first."""
    (seconds,) = {progress.forecast.seconds(progress.plan.members[name]) for name in progress.jobs[0].members}
    return 1.1 * seconds


def test_what_stands_on_a_job_that_made_nothing_is_not_waited_for(plan, tmp_path):
    progress = RunProgress(plan, asked(*plan.jobs), tmp_path)
    progress.give_up(teachers(plan))
    assert {job.stage for job in plan.jobs if job.output not in progress.settled} == {"prepare", "baseline"}


def test_giving_up_looks_at_readers_alone(plan, tmp_path):
    """In time that grows with the jobs that stand on the failed one, and not with its square."""
    progress = RunProgress(plan, asked(*plan.jobs), tmp_path)
    progress.jobs = []
    progress.give_up(teachers(plan))
    assert {job.stage for job in plan.jobs if job.output not in progress.settled} == {"prepare", "baseline"}
