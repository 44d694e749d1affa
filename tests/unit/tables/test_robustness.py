"""Every column of the robustness matrix, by hand."""

from math import inf, nan

import pytest
from attacked_run import AttackedRun, assert_row, method, struck, wilson_bounds

from distillab.tables import robustness

ATTACKS = {
    "pgd": method("linf", eps=0.1, label="PGD", passes=1200),
    "cw": method("l2", label="C&W", passes=9000, mode="strict"),
}
PGD = struck(
    {41: 0.1, 7: None, 23: 0.05, 12: inf, 30: 0.2},
    farthest=[0.5, 0.6, 0.8, 0.7, 0.9],
    l2=[0.3, nan, 0.2, nan, 0.7],
    forwards=[10, 0, 20, 30, 45],
    backwards=[9, 0, 18, 27, 41],
)
CW = struck(
    {41: inf, 7: 0.4, 23: inf, 12: 1.2, 30: inf},
    farthest=[3.0, 2.0, 4.0, 2.5, 5.0],
    l2=[nan, 0.4, nan, 1.2, nan],
    forwards=[100, 110, 120, 130, 150],
    backwards=[100, 110, 120, 130, 140],
)
RESCALED = struck(
    {41: 0.5, 7: 0.25, 23: 1.5, 12: 1.0, 30: 1.6},
    farthest=[3.0, 2.0, 4.0, 2.5, 5.0],
    l2=[0.5, 0.25, 1.5, 1.0, 1.6],
    forwards=[1, 2, 3, 4, 5],
    backwards=[2, 3, 4, 5, 6],
)
TEACHER = {"model": "ce-papernot", "role": "teacher", "defense": "ce", "arch": "papernot", "chain": ""}
STEP = {"model": "ta-T4-step1", "role": "chain", "defense": "", "arch": "small", "chain": "ta", "temperature": 4.0}


@pytest.fixture
def run():
    made = AttackedRun(ATTACKS)
    teacher, step = made.teacher("ce", seed=5, arch="papernot"), made.step(4.0, 1, seed=7, arch="small")
    made.attack(teacher, "pgd", PGD, zero_gradient=0.25, randomized_forward=True)
    made.attack(step, "cw", CW, zero_gradient=0.0, randomized_forward=False)
    made.attack(step, "cw", RESCALED, logits="rescaled", zero_gradient=0.5, randomized_forward=False)
    return made


def bounds(name, successes, n):
    return dict(zip((f"{name}_low", f"{name}_high"), wilson_bounds(successes, n), strict=True))


def test_an_attack_with_a_budget(run):
    """Image 7 is misclassified, 41 falls on the surface of the budget, 30 beyond it, 12 not at all."""
    assert_row(
        robustness.rows(run)[0],
        TEACHER
        | {"temperature": nan, "step": -1, "attack": "pgd", "logits": "raw", "attack_label": "PGD", "norm": "linf"}
        | {
            "kind": "fixed_radius",
            "targeted": False,
            "strength": "",
            "eps": 0.1,
            "mode": "up to 1,200 passes an image",
            "seed": 5,
            "n": 5,
        }
        | {"clean_accuracy": 4 / 5, "robust_accuracy": 2 / 5, **bounds("robust", 2, 5)}
        | {"success_rate": 3 / 4, **bounds("success", 3, 4), "success_n": 4, "failures": 1}
        | {"median_distance": (0.1 + 0.2) / 2, "mean_distance": 0.35 / 3, "max_distance": 0.2}
        | {"penalized_mean": (0.1 + 0.05 + 0.7 + 0.2) / 4, "mean_l2": 1.2 / 3}
        | {"forwards": 21.0, "backwards": 19.0, "zero_gradient": 0.25, "randomized_forward": True},
    )


def test_an_attack_without_a_budget(run):
    """Three failures among five: the median is infinite, the penalty is each image's own farthest point."""
    assert_row(
        robustness.rows(run)[1],
        STEP
        | {"step": 1, "attack": "cw", "logits": "raw", "attack_label": "C&W", "norm": "l2"}
        | {
            "kind": "minimum_norm",
            "targeted": False,
            "strength": "",
            "eps": nan,
            "mode": "strict, up to 9,000 passes an image",
            "seed": 7,
            "n": 5,
        }
        | {"clean_accuracy": 1.0, "robust_accuracy": None, "robust_low": None, "robust_high": None}
        | {"success_rate": 2 / 5, **bounds("success", 2, 5), "success_n": 5, "failures": 3}
        | {"median_distance": inf, "mean_distance": 0.8, "max_distance": 1.2}
        | {"penalized_mean": (3.0 + 0.4 + 4.0 + 1.2 + 5.0) / 5, "mean_l2": 0.8}
        | {"forwards": 122.0, "backwards": 120.0, "zero_gradient": 0.0, "randomized_forward": False},
    )


def test_one_row_for_each_attack_and_view(run):
    rows = robustness.rows(run)
    assert [(row["model"], row["attack"], row["logits"], row["seed"], row["median_distance"]) for row in rows] == [
        ("ce-papernot", "pgd", "raw", 5, pytest.approx(0.15)),
        ("ta-T4-step1", "cw", "raw", 7, inf),
        ("ta-T4-step1", "cw", "rescaled", 7, 1.0),
    ]


def test_a_number_of_a_search_stands_with_what_the_search_is_called():
    """C&W misses image 3, which DeepFool breaks, on the logits; over T it does as well, and over FGSM nobody speaks."""
    run = AttackedRun({"cw": method("l2"), "df": method("l2"), "fgsm": method("linf", eps=0.1)})
    model, given = run.step(4.0, 1), {"farthest": [1.0] * 2, "l2": 0.5, "forwards": 1, "backwards": 1}
    for key, logits, distances in (
        ("cw", "raw", {3: inf, 4: 0.5}), ("df", "raw", {3: 0.5, 4: 0.5}), ("cw", "rescaled", {3: 0.5, 4: 0.5}),
        ("fgsm", "raw", {3: inf, 4: inf}),
    ):  # fmt: skip
        run.attack(model, key, struck(distances, **given), logits=logits)
    assert [row["strength"] for row in robustness.rows(run)] == ["weaker", "", "", ""]


def test_an_attack_with_a_drawn_target_says_so():
    run = AttackedRun({"aimed": method("l2", targeted=True)})
    run.attack(run.teacher("ce"), "aimed", struck({3: 0.5}, farthest=1.0, l2=0.5, forwards=1, backwards=1))
    assert robustness.rows(run)[0]["targeted"] is True


def test_a_model_that_is_never_right_has_no_distances():
    run = AttackedRun(ATTACKS)
    unasked = {"farthest": [1.0] * 3, "l2": [nan] * 3, "forwards": [0, 0, 0], "backwards": [0, 0, 0]}
    run.attack(run.teacher("ce"), "pgd", struck({4: None, 2: None, 9: None}, **unasked))
    (row,) = robustness.rows(run)
    assert {name for name, value in row.items() if value is None} == {
        "success_rate", "success_low", "success_high", "median_distance", "mean_distance", "max_distance",
        "penalized_mean", "mean_l2",
    }  # fmt: skip
    assert (row["clean_accuracy"], row["robust_accuracy"]) == (0.0, 0.0)
    assert (row["success_n"], row["failures"], row["n"]) == (0, 0, 3)
