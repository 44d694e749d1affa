"""What trainings cost in passes, and how the plan says it."""

import pytest

from distillab.core.throughput import Throughput
from distillab.defenses import DEFENSES
from distillab.plan.build import build_plan
from distillab.plan.costs import cost_of
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
