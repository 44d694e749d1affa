"""Bytes of what a plan makes, and the answers that are bought for it."""

import pytest

from distillab.core.workspace import Workspace
from distillab.models import MODELS
from distillab.models.untrained import untrained
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


def test_weights_are_counted_without_a_network(rich, disk_of):
    for name in ("vgg16_bn", "resnet50", "densenet121", "mobilenet_v2", "shufflenet_v2", "wong_small"):
        spec = MODELS.parse({"name": name}) if name in MODELS.names else None
        if spec and not spec.misfit((3, 32, 32)):
            plan = rich.model_copy(update={"facts": rich.facts | {"data": rich.facts["data"] | {"shape": [3, 32, 32]}}})
            member = rich.members["ce-cnn_digits-s3"].model_copy(update={"spec": {"model": {"name": name}}})
            built = sum(each.numel() for each in untrained(spec, (3, 32, 32), 10).state_dict().values())
            assert disk_of(plan)._parameters(member) == built, name


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
