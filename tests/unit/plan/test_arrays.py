"""What arrays over whole data sets take of a job's memory, by hand."""

import pytest

from distillab.plan import arrays
from distillab.plan.arrays import arrays_mb

MB = 10**6
STUDIES = {"studies": ["undistillable", "adversarial"], "device": "cpu"}


def of(plan, member_id, kind="cpu"):
    """Megabytes of one member alone."""
    member = plan.members[member_id]
    job = plan.stage(member.stage)[0].model_copy(update={"members": (member_id,)})
    return arrays_mb(plan, job, kind)


def one_of(plan, stage, *, having=""):
    return next(
        name
        for name, member in plan.members.items()
        if member.stage == stage and (not having or having in member.parents)
    )


@pytest.fixture
def imagenet(plan_of):
    return plan_of({"studies": ["undistillable", "adversarial"]}, "imagenet")


def test_answers_to_all_training_images_are_held_three_times_while_they_are_saved(imagenet):
    knockoff = one_of(imagenet, "knockoff", having="answers")
    for kind in ("cpu", "cuda"):
        assert of(imagenet, knockoff, kind) == 3 * 1_281_167 * 1000 * 4 // MB == 15_374
    assert of(imagenet, one_of(imagenet, "teach")) == 0


def test_so_are_those_to_held_out_images(imagenet):
    assert of(imagenet, one_of(imagenet, "measure")) == 3 * (10_000 + 50_000) * 1000 * 4 // MB


def test_a_preset_attacks_no_more_images_than_a_machine_holds(imagenet):
    attacked = [name for name, member in imagenet.members.items() if member.stage == "attack"]
    assert max(of(imagenet, name) for name in attacked) == 2 * 10_000 * 3 * 224 * 224 * 4 // MB == 12_042
    assert max(of(imagenet, name, "cuda") for name in attacked) == 0, "a GPU has them in its own memory"


@pytest.mark.parametrize("limit", [None, 40])
def test_attacked_images_without_a_number_are_all(plan_of, monkeypatch, limit):
    monkeypatch.setattr(arrays, "FLOAT", MB)
    attack = {"robustness": {"attacks": {"*": None, "fgsm": {"name": "fgsm", "norm": "linf", "eps": 0.1}}}}
    plan = plan_of(STUDIES | attack | {"data": {"test_limit": limit}})
    assert of(plan, one_of(plan, "attack")) == 2 * (limit or plan.facts["data"]["test"]) * 64


@pytest.mark.parametrize(("precision", "copies"), [("float32", 2), ("float64", 3)])
def test_certified_images_are_held_in_their_precision_too(plan_of, precision, copies):
    asked = {"studies": ["certified"], "device": "cpu", "certification": {"precision": precision, "images": 5000}}
    plan = plan_of(asked, "mnist_certified")
    assert of(plan, one_of(plan, "certify")) == copies * 5000 * 784 * 4 // MB


def test_the_largest_member_counts_and_jobs_ask_for_it(plan_of, monkeypatch):
    monkeypatch.setattr(arrays, "FLOAT", 4 * MB)
    plan = plan_of({"studies": ["undistillable"], "device": "cpu"})
    (job,) = plan.stage("measure")
    sizes = [of(plan, name) for name in job.members]
    assert arrays_mb(plan, job, "cpu") == max(sizes) > 0
    assert job.memory_mb - plan.stage("teach")[0].memory_mb == max(sizes)


def test_soft_labels_of_chains_are_answers_too(rich, monkeypatch):
    monkeypatch.setattr(arrays, "FLOAT", MB)
    images = rich.facts["data"]["train"]
    for name in ("ta-T5-step0-s3-labels", "ta-T5-step1-s3"):
        assert of(rich, name) == 3 * images * 10
    assert of(rich, "ta-T5-step0-s3") == 0


def test_counts_that_only_the_files_know_are_none(plan_of):
    folder = {"name": "image_folder", "title": "Own", "path": "own", "shape": [1, 8, 8], "classes": 3, "val": 0}
    plan = plan_of(STUDIES | {"data": folder | {"train_limit": None, "test_limit": None}})
    assert of(plan, one_of(plan, "knockoff", having="answers")) == of(plan, one_of(plan, "measure")) == 0
