"""Bytes of what a plan makes, and the answers that are bought for it."""

import pytest

from distillab.core.workspace import Workspace
from distillab.plan.disk import COPIES, FLOAT, SIDECAR, Disk, answers_bought
from distillab.plan.durations import Durations


@pytest.fixture
def disk_of(tmp_path):
    """The disk of a plan of which nothing was made."""
    return lambda plan: Disk(plan, Durations(Workspace(tmp_path, plan)))


def test_a_network_is_its_weights_in_the_store_and_where_it_belongs(rich, disk_of):
    disk = disk_of(rich)
    member = rich.members["ls-cnn_digits-s3"]
    weights = disk._parameters(member)
    assert weights > 1000
    assert disk.of([member]) == COPIES * (SIDECAR + FLOAT * weights)
    assert disk.of([member, member]) == 2 * disk.of([member])


def test_answers_are_kept_once_for_every_training_image(rich, disk_of):
    assert disk_of(rich).of([rich.members["ls-cnn_digits-s9-answers"]]) == SIDECAR + FLOAT * 400 * 10


def test_everything_takes_some(rich, disk_of):
    disk = disk_of(rich)
    assert all(disk.of([member]) > SIDECAR for member in rich.members.values())


def test_kept_answers_are_bought_once_and_views_each_time(rich):
    knockoffs = [m for m in rich.members.values() if m.stage == "knockoff"]
    kept = [m for m in knockoffs if "answers" in m.parents and m.parents["teacher"] == "ls-cnn_digits-s3"]
    assert answers_bought(rich, kept[:1]) == answers_bought(rich, kept[:1] * 2) == {"paper": (400, 400)}
    live = [m for m in knockoffs if "answers" not in m.parents]
    views = 400 * live[0].spec["train"]["epochs"]
    assert answers_bought(rich, live[:1]) == {"paper": (views, views)}
    total, most = answers_bought(rich, live)["paper"]
    assert (total, most) == (len(live) * views, views)


def test_answers_are_counted_by_thief(robbed):
    bought = answers_bought(robbed, robbed.members.values())
    assert bought.keys() == {m.model.thief for m in robbed.members.values() if m.stage == "knockoff"}
    assert all(0 < most <= total for total, most in bought.values())
    assert answers_bought(robbed, []) == {}
