"""What trainings cost in passes, and how the plan says it."""

import pytest
import torch

from distillab.core.provenance import processor
from distillab.core.throughput import Throughput
from distillab.defenses import DEFENSES
from distillab.plan.build import build_plan
from distillab.plan.costs import Cost, computes_on, cost_of
from distillab.plan.estimate import describe

ROWS = {
    "madry": {"name": "madry", "eps": 0.1, "steps": 7},
    "fast": {"name": "madry", "mode": "fast", "steps": 7},
    "trades": {"name": "trades", "steps": 10},
}


@pytest.mark.parametrize(
    ("spec", "passes"),
    [
        ({"name": "ce"}, 5),
        ({"name": "st"}, 0),
        ({"name": "madry", "steps": 7}, 5 * 8),
        ({"name": "madry", "mode": "fast", "steps": 7}, 5 * 2),
        ({"name": "trades", "steps": 10}, 5 * 12),
        ({"name": "trades", "steps": 10, "reference_forward": True}, 5 * 13),
        ({"name": "ast", "steps": 40}, 5 * 2 + 40),
        ({"name": "ast", "source": "clean"}, 5 * 2),
    ],
)
def test_passes_of_a_training_of_five_epochs(spec, passes):
    assert DEFENSES.parse(spec).passes(5) == passes


def test_an_adversary_is_in_the_cost_of_a_teacher_and_of_nobody_else(plan_of):
    plan = plan_of({"defenses": ROWS})
    costs = {i: cost_of(plan, plan.members[i]) for i in plan.members}
    images, epochs = 400, 6
    assert costs["ce-cnn_digits-s0"].passes == images * epochs
    assert costs["madry-cnn_digits-s0"].passes == images * epochs * 8
    assert costs["madry-cnn_digits--kd-cnn_digits-s0"].passes == images * epochs
    assert costs["st-cnn_digits-s0"].passes == 0
    assert costs["ce-cnn_digits-s0-measure"] is None


def test_a_thiefs_students_go_through_as_many_images_as_others_and_through_other_data_too(robbed):
    images, epochs, other = 200, 6, 9
    for model in ("ls0.1-cnn_digits-s0", "ls0.3-cnn_digits--poor-s0", "pseudo0.3-cnn_digits--half-s0"):
        assert cost_of(robbed, robbed.members[model]).passes == images * epochs, model
    assert cost_of(robbed, robbed.members["ls0.3-cnn_digits--stranger-s0"]).passes == images * epochs
    for model in ("pseudo0.3-cnn_digits--stranger-s0", "ce-cnn_digits--kd-cnn_digits--stranger-s0"):
        assert cost_of(robbed, robbed.members[model]).passes == (images + other) * epochs, model


def test_the_plan_says_what_an_epoch_and_an_attack_step_take(project):
    root = project({"defenses": ROWS, "seeds": [0]})
    plan = build_plan(root)
    speeds = Throughput(root)
    for member in plan.members.values():
        if cost := cost_of(plan, member):
            speeds.put(cost.key, 0.01)
    lines: dict[str, str] = {}
    for line in describe(plan, root, measure=False).splitlines():
        lines.setdefault(line.strip().split(":")[0], line)
    assert lines["madry-cnn_digits"].endswith("3.2 min (32 s an epoch, 4 s of it for each attack step)")
    assert lines["fast-cnn_digits"].endswith("48 s (8 s an epoch, 4 s of it for each attack step)")
    assert lines["trades-cnn_digits"].endswith("4.8 min (48 s an epoch, 4 s of it for each attack step)")
    assert "an epoch" not in lines["ce-cnn_digits"]


FOLDER = {"name": "image_folder", "title": "Own", "path": "own", "shape": [1, 8, 8], "classes": 3, "val": 60}


def test_images_that_only_the_files_count_are_not_guessed(project):
    root = project({"data": FOLDER | {"train_limit": None, "test_limit": None}, "seeds": [0]})
    plan = build_plan(root)
    assert cost_of(plan, plan.members["ce-cnn_digits-s0"]) is None
    assert cost_of(plan, plan.members["ce-cnn_digits-s0-pgd_linf"]) is None
    assert cost_of(plan, plan.members["ce-cnn_digits-s0-cw_l2"]).passes == 8 * 40, "the attack names 8 images"
    *lines, total = describe(plan, root, measure=False).splitlines()
    assert "left: unknown, for only the files say how many images there are" in total
    assert all(", -" not in line for line in lines), "no negative work"


def test_limits_bound_images_that_only_the_files_count(project):
    root = project({"data": FOLDER | {"train_limit": 50, "test_limit": 30}, "seeds": [0]})
    plan = build_plan(root)
    assert cost_of(plan, plan.members["ce-cnn_digits-s0"]).passes == 50 * 6
    assert cost_of(plan, plan.members["ce-cnn_digits-s0-pgd_linf"]).passes == 30 * 6
    assert "passes, " in describe(plan, root, measure=False).splitlines()[-1]


def test_costs_in_full(rich):
    costs = {i: cost_of(rich, member) for i, member in rich.members.items()}
    plain, settings = {"name": "papernot_digits"}, "bfloat16 channels_last"
    here = {"device": processor(), "shape": (1, 8, 8, 10)}
    own = {"images": 400} | here
    assert costs["ce-papernot_digits-s3"] == Cost(plain, 400 * 6, 32, "float32", 2, epochs=6, **own)
    assert costs["ls0.1-papernot_digits-s9"] == Cost(plain, 400 * 3, 16, settings, 4, epochs=3, **own)
    assert costs["st-cnn_digits--live-papernot_digits-s3"] == Cost(plain, 400 * 2, 128, "float32", 3, epochs=2, **own)
    assert costs["ta-T5-step1-s3"] == Cost({"name": "cnn_digits"}, 400 * 6, 32, "float32", 2, epochs=6, **own)
    assert costs["ta-warm-cnn_digits-s3"] == Cost({"name": "cnn_digits"}, 400, 32, "float32", 2, epochs=1, **own)
    assert costs["ls-papernot_digits-s7-pgd_linf"] == Cost(plain, 60 * 6, 60, "float32", 1, images=60, **here)
    without = ("data-images", "ta-T5-step0-s3-labels", "ls-cnn_digits-s9-answers", "ls-cnn_digits-s3-certify-ibp")
    assert [costs[i] for i in without] == [None] * 4


def test_a_speed_is_kept_under_all_that_it_depends_on():
    network, kept = {"name": "vgg8", "depth": 3}, {"device": "A", "shape": (3, 8, 8, 10)}
    cost = Cost(network, 1, 16, "bfloat16", 2, epochs=9, against=8, images=5, **kept)
    assert cost.key == "depth=3 name=vgg8 3x8x8x10 batch 16 bfloat16 threads 2 on A"


@pytest.mark.parametrize(
    ("asked", "there", "kind"),
    [
        ("cpu", True, "cpu"),
        ("auto", True, "cuda"),
        ("cuda", True, "cuda"),
        ("cuda", False, "cuda"),
        ("auto", False, "cpu"),
    ],
)
def test_the_device_is_the_one_that_trainings_take_here_or_where_jobs_are_sent(rich, monkeypatch, asked, there, kind):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert computes_on(rich.model_copy(update={"params": rich.params | {"device": asked}})) == kind


@pytest.mark.parametrize(
    ("data", "trained", "chain", "attacked"),
    [
        ({"val": 60, "train_limit": None, "test_limit": None}, 1437 - 60, 1437, 360),
        ({"val": 60, "train_limit": 1400, "test_limit": 100}, 1437 - 60, 1400, 100),
        ({"val": 60, "train_limit": 1000, "test_limit": 8}, 1000, 1000, 8),
    ],
)
def test_images_are_what_there_is_up_to_a_limit(rich, data, trained, chain, attacked):
    """Chains learn from the validation images, too; nothing is chosen on them there."""
    plan = rich.model_copy(update={"params": rich.params | {"data": rich.params["data"] | data}})
    assert cost_of(plan, plan.members["ce-cnn_digits-s3"]).passes == 6 * trained
    assert cost_of(plan, plan.members["ta-T5-step0-s3"]).passes == 6 * chain
    attack = plan.members["ce-cnn_digits-s3-pgd_linf"]
    assert cost_of(plan, attack).passes == 6 * attacked
    few = attack.model_copy(update={"spec": attack.spec | {"attack": attack.spec["attack"] | {"images": 50}}})
    assert cost_of(plan, few).passes == 6 * min(50, attacked)


@pytest.mark.parametrize("unknown", ["train", "test"])
def test_the_work_is_unknown_where_either_number_of_images_is(rich, tmp_path, unknown):
    limits = {"train_limit": None, "test_limit": None}
    plan = rich.model_copy(
        update={
            "facts": rich.facts | {"data": rich.facts["data"] | {unknown: None}},
            "params": rich.params | {"data": rich.params["data"] | limits},
        }
    )
    costs = {"train": "ce-cnn_digits-s3", "test": "ce-cnn_digits-s3-pgd_linf"}
    assert {part: cost_of(plan, plan.members[i]) is None for part, i in costs.items()} == {
        "train": unknown == "train", "test": unknown == "test",
    }  # fmt: skip
    assert describe(plan, tmp_path, measure=False).splitlines()[-1] == (
        f"total: 0 of {len(plan.members)} made; left: unknown, for only the files say how many images there are; "
        "data.train_limit and data.test_limit bound them"
    )


def test_an_adversary_is_counted_by_epoch(plan_of):
    plan = plan_of({"defenses": {"*": None, "ce": {}} | ROWS, "studies": ["undistillable"], "seeds": [0]})
    costs = {key: cost_of(plan, plan.members[f"{key}-cnn_digits-s0"]) for key in ("ce", *ROWS)}
    assert {key: (cost.epochs, cost.against) for key, cost in costs.items()} == {
        "ce": (6, 0), "madry": (6, 8), "fast": (6, 2), "trades": (6, 12),
    }  # fmt: skip


def test_a_refitted_student_is_trained_twice_the_first_time_without_the_images_of_the_choice(plan_of):
    data = {"val": 60, "train_limit": None, "test_limit": None, "refit": True}
    plan = plan_of({"data": data, "knockoff": {"label_smoothing": [0.1, 0.2]}, "studies": ["undistillable"]})
    for model, images in (("ls0.2-cnn_digits-s0", 1437 + 1437 - 60), ("ce-cnn_digits-s0", 1437)):
        assert cost_of(plan, plan.members[model]).passes == 6 * images
