"""The plan in ten lines."""

import re

import pytest

from distillab.core.stages import STAGES
from distillab.plan.brief import Brief
from distillab.plan.disk import Disk
from distillab.plan.forecast import Forecast
from distillab.plan.prune import readable


@pytest.fixture
def small(plan_of):
    """Two teachers and their pages."""
    return plan_of({"studies": ["undistillable"], "defenses": {"*": None, "ce": {}}, "seeds": [0, 1]})


def test_every_stage_is_told_in_a_few_lines(rich, tmp_path):
    head, *stages, left, needs = Brief(rich, tmp_path, measure=False).lines(2)
    assert len(stages) <= 6
    assert head.endswith(f": {len(rich.members)} payloads in {len(rich.jobs)} jobs")
    assert stages[0].startswith("  Training 14 teachers under 3 defenses, training ")
    assert left.startswith(f"left: {len(rich.members)} of {len(rich.members)} payloads: ")
    assert needs.startswith("needs: disk ")


def test_time_is_that_of_all_jobs_and_less_on_more_cores(small, tmp_path):
    forecast = Brief(small, tmp_path, measure=False).forecast
    work = sum(forecast.of_process([small.members[name] for name in job.members]) for job in small.jobs)
    said = [Brief(small, tmp_path, measure=False).lines(cores)[-2] for cores in (1, 4)]
    works, walls = zip(*(re.search(r": (\d+) s of work, (\d+) s on", line).groups() for line in said), strict=True)
    assert set(works) == {f"{work:.0f}"}
    assert walls[0] == works[0]
    assert int(walls[1]) < int(walls[0])


def test_what_is_made_takes_no_time_and_no_disk(small, tmp_path, monkeypatch):
    monkeypatch.setattr(Forecast, "made_at", lambda _self, _member: 1.0)
    _head, *stages, left = Brief(small, tmp_path, measure=False).lines(2)
    assert all(re.search(r": (\d+) of \1 made$", line) for line in stages)
    assert left == f"left: 0 of {len(small.members)} payloads; `distillab answer` says what they answer"


def test_what_times_rest_on_is_said_and_disk_memory_and_answers_are_counted(small, tmp_path):
    brief = Brief(small, tmp_path, measure=False)
    *_, left, needs = brief.lines(2)
    assert left.endswith("; 100 % stated")
    disk = readable(Disk(small, brief.forecast.durations).of(small.members.values()))
    memory = small.jobs[0].memory_mb / 1000
    assert needs.startswith(f"needs: disk {disk}, memory {memory:.1f} GB a job; buys: paper ")
    assert needs.endswith(" of one teacher")


def test_images_that_only_the_files_count_leave_the_time_open(project):
    from distillab.plan.build import build_plan

    folder = {"name": "image_folder", "title": "Own", "path": "own", "shape": [1, 8, 8], "classes": 3, "val": 60,
              "train_limit": None, "test_limit": None}  # fmt: skip
    root = project({"data": folder, "studies": ["undistillable"], "knockoff": {"attacks": {"*": None, "kd": {}}}})
    assert ", for an unknown time: only the files say" in Brief(build_plan(root), root, measure=False).lines(2)[-1]


def test_no_stage_is_left_out():
    from distillab.plan.brief import LINES

    assert {stage for line in LINES for stage in line} == STAGES.keys() - {"prepare"}
