"""What a training's time is made of: from the marks of its epochs to a mean per teacher."""

from types import SimpleNamespace

import pytest

from distillab.stages.tables.facts import teacher_seconds
from distillab.stages.training import step_seconds


def test_a_step_takes_its_share_of_the_median_epoch():
    assert step_seconds([10.0, 14.0, 15.0, 16.5], 10) == {"step_seconds": pytest.approx(0.15)}
    assert step_seconds([10.0], 10) == {}


def results(*runs):
    """Stands in for `Results`: role, model and times of each run."""
    members = [SimpleNamespace(role=role, model=model, member=SimpleNamespace(id=times)) for role, model, times in runs]
    return SimpleNamespace(runs=members, sidecar=lambda times: SimpleNamespace(run=times))


def test_times_are_means_over_the_seeds_of_a_teacher_that_has_them():
    found = results(
        ("teacher", "ce", {"seconds": 2.0, "step_seconds": 0.1}),
        ("teacher", "ce", {"seconds": 4.0, "step_seconds": 0.3}),
        ("teacher", "st", {"seconds": 0.5}),
        ("knockoff", "ce--kd", {"seconds": 9.0, "step_seconds": 9.0}),
    )
    assert teacher_seconds(found, "seconds") == {"ce": 3.0, "st": 0.5}
    assert teacher_seconds(found, "step_seconds") == {"ce": pytest.approx(0.2)}
