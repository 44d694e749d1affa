"""The paper's claims on a run whose slopes are chosen: signs, units, seeds, margins, and Holm over all of them."""

from copy import copy
from dataclasses import replace
from math import log2, sqrt

import numpy as np
import pandas as pd
import pytest
from attacked_run import AttackedRun, answers, assert_row, method, struck, three_seeds

from distillab.tables import claims

ATTACKS = {"cw": method("l2"), "cw0": method("l0"), "pgd": method("linf", eps=0.1)}
SEEDS, TEMPERATURES, N = (8, 3, 5), (1.0, 4.0, 16.0), 500
LOST = {8: 20, 3: 21, 5: 22}
"""Test images, of 500, that a model is wrong about with every doubling of T."""
GAINED = {8: 0, 3: 1, 5: 2}
"""Test images that the last step gains."""
SURER = {8: 0.0200, 3: 0.0201, 5: 0.0202}
"""Mean confidence with every doubling."""
MASKED = {8: 9, 3: 10, 5: 11}
"""Percent of the images whose gradient at the teacher falls below 1e-10 with every doubling."""
GROWTH = {8: 0.10, 3: 0.11, 5: 0.12}
"""L2 distance of teachers, assistants and students with every doubling; the step after them falls back to 1."""
STRONGER = {8: 0.05, 3: -0.02, 5: 0.01}
"""L2 distance with every step up to the student."""
RIGHT = 40
"""Images that every attacked model is right about."""
NEARER = {8: 0.145, 3: 0.150, 5: 0.155}
"""What the attack on logits over the temperature gains with every doubling, at the student twice."""


def slopes(small, n=100):
    """Amplitudes at n images: that many below 1e-10, one on it, the others above."""
    return pd.DataFrame({"log10_all": [-10.5] * small + [-10.0] + [-9.0] * (n - small - 1)})


def middle(step, seed, doublings, nearer=0.0):
    found = 2 + GROWTH[seed] * doublings + STRONGER[seed] * step - nearer * doublings * (2 if step == 2 else 1)
    return 1.0 if step == 3 else found


def distances(step, seed, doublings, *, nearer=0.0):
    """Of 41 images, one of them misclassified; the mean is the middle."""
    return around(middle(step, seed, doublings, nearer), 0.25)


def around(mean, spread):
    return struck({40: None} | {image: mean + spread * (-1) ** image for image in range(RIGHT)})


def add_model(run, temperature, step, seed):
    doublings = log2(temperature)
    model = run.step(temperature, step, seed=seed)
    right = 400 - LOST[seed] * int(doublings) + (GAINED[seed] if step == 3 else 0)
    run.answers[model] = answers(right, 0.45 + SURER[seed] * doublings - 0.001 * step, run.labels["test"])
    run.slopes(model, slopes(10 + MASKED[seed] * int(doublings) if step == 0 else 50))
    run.attack(model, "cw", distances(step, seed, doublings))
    run.attack(model, "pgd", struck({14: 0.01, 2: None, 9: 0.01}))
    run.attack(model, "cw0", around(4.0 + seed * step, 1.0))
    if temperature > 1:
        run.attack(model, "cw", distances(step, seed, doublings, nearer=NEARER[seed]), logits="rescaled")


@pytest.fixture
def run():
    made = AttackedRun(ATTACKS)
    made.labels = {"test": np.arange(N) % 2}
    for temperature in TEMPERATURES:
        for step in range(4):
            for seed in SEEDS:
                add_model(made, temperature, step, seed)
    return made


def least_squares(means):
    """Slope over the steps 0 to 3."""
    return (-3 * means[0] - means[1] + means[2] + 3 * means[3]) / 10


def early(seed):
    """Mean over temperatures of the L2 distance at steps 0 to 3; doublings are 0, 2 and 4."""
    return [*(2 + 2 * GROWTH[seed] + step * STRONGER[seed] for step in range(3)), 1.0]


def nearer(seed):
    """The same in the worst view; the student's loss is counted twice."""
    return [value - 2 * NEARER[seed] * factor for value, factor in zip(early(seed), (1, 1, 2, 0), strict=True)]


DOUBLING, STEP = "points / doubling", "points / step"
FALLS = "accuracy falls slightly as T grows"
NO_EFFECT = "more steps have no significant effect on accuracy"
ZERO = "more gradients below 1e-10 as T grows (teachers)"
FLAT = "confidence shows no trend in T"


def grows(norm):
    return f"robustness in {norm} grows with T"


def student(norm):
    return f"the student is more robust in {norm} than the assistant, on average over T"


def every_step(norm):
    return f"robustness in {norm} grows with every step"


EXPECTED = [
    ("accuracy_temperature", FALLS, "", DOUBLING, "V-A", lambda s: -LOST[s] / 5, "holds"),
    ("accuracy_steps", NO_EFFECT, "", STEP, "VI", lambda s: least_squares([0, 0, 0, GAINED[s] / 5]), "undecided"),
    ("small_gradients", ZERO, "", DOUBLING, "V-B", lambda s: MASKED[s], "holds"),
    ("confidence_temperature", FLAT, "", DOUBLING, "V-D", lambda s: 100 * SURER[s], "contradicted"),
    ("robustness_temperature_l2", grows("l2"), "raw", "l2 / doubling", "V-C", lambda s: GROWTH[s], "holds"),
    ("robustness_temperature_l2", grows("l2"), "worst", "l2 / doubling", "V-C",
     lambda s: GROWTH[s] - NEARER[s] * 4 / 3, "contradicted"),
    ("student_assistant_l2", student("l2"), "raw", "l2", "V-C", lambda s: STRONGER[s], "undecided"),
    ("student_assistant_l2", student("l2"), "worst", "l2", "V-C", lambda s: STRONGER[s] - 2 * NEARER[s],
     "undecided"),
    ("robustness_steps_l2", every_step("l2"), "raw", "l2 / step", "VI", lambda s: least_squares(early(s)),
     "contradicted"),
    ("robustness_steps_l2", every_step("l2"), "worst", "l2 / step", "VI", lambda s: least_squares(nearer(s)),
     "contradicted"),
    ("robustness_temperature_l0", grows("l0"), "both", "l0 / doubling", "V-C", lambda _s: 0.0, "undecided"),
    ("student_assistant_l0", student("l0"), "both", "l0", "V-C", float, "undecided"),
    ("robustness_steps_l0", every_step("l0"), "both", "l0 / step", "VI", float, "undecided"),
]  # fmt: skip
"""Name, statement, view, unit, source, the number of a seed, the decision."""


IMAGE = 100 / N
"""One test image, in points."""


def p_above(values, step=0.0):
    """One-sided p-value of the hypothesis that the mean of three seeds is at most 0: Student's t, in closed form."""
    error = max(np.std(values, ddof=1), step) / sqrt(3)
    if error == 0:
        return 0.0 if sum(values) > 0 else 1.0
    t = sum(values) / 3 / error
    return 0.5 - t / (2 * sqrt(2 + t**2))


def mean_distance(norm, view, steps):
    """Over temperatures, seeds, and the steps that are compared."""
    if norm == "l0":
        return np.mean([4 + seed * step for seed in SEEDS for step in steps])
    saw = NEARER if view == "worst" else dict.fromkeys(SEEDS, 0.0)
    return np.mean([middle(k, seed, d, saw[seed]) for seed in SEEDS for k in steps for d in (0, 2, 4)])


def smallest_effect(name, view):
    """One image over 4 doublings or 3 steps: of 500, of 100 with a gradient, or one mean distance of 40."""
    fixed = {"accuracy_temperature": IMAGE / 4, "accuracy_steps": 0.2, "confidence_temperature": 1.0}
    if name in fixed or name == "small_gradients":
        return fixed.get(name, 1 / 4)
    steps, span = ((1, 2), 1) if "student" in name else (range(3), 4) if "temperature" in name else (range(4), 3)
    return mean_distance(name[-2:], view, steps) / RIGHT / span


def p_value(name, view, values):
    """Of the outcome that the mean points to, twice for the choice between two."""
    step = {"accuracy_temperature": IMAGE / 4, "accuracy_steps": IMAGE / 3, "small_gradients": 1 / 4}.get(name, 0.0)
    bound, mean = smallest_effect(name, view), sum(values) / 3
    if name in {"accuracy_steps", "confidence_temperature"} and abs(mean) < bound:
        both = [bound + value for value in values], [bound - value for value in values]
        return min(1.0, 2 * max(p_above(row, step) for row in both))
    return min(1.0, 2 * min(p_above([sign * value - bound for value in values], step) for sign in (1, -1)))


def holm(p_values):
    order, largest, adjusted = np.argsort(p_values, kind="stable"), 0.0, {}
    for rank, position in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = largest
    return [adjusted[position] for position in range(len(p_values))]


def test_every_column_of_every_claim(run):
    numbers = [[number(seed) for seed in SEEDS] for *_, number, _ in EXPECTED]
    adjusted = holm([p_value(row[0], row[2], values) for row, values in zip(EXPECTED, numbers, strict=True)])
    rows = claims.rows(run)
    for row, (name, statement, view, unit, source, _, decision), values, p in zip(
        rows, EXPECTED, numbers, adjusted, strict=True
    ):
        mean, low, high = three_seeds(values, {"accuracy_steps": IMAGE / 3}.get(name, 0.0))
        assert_row(
            row,
            {"claim": name, "chain": "ta", "statement": statement, "view": view, "unit": unit, "value": mean}
            | {"low": low, "high": high, "p": p, "decision": decision, "seeds": 3, "source": source},
        )


def test_all_chains_are_one_family_and_one_from_a_defended_teacher_is_none(run):
    alone = claims.rows(copy(run))
    teacher = run.teacher("ce", seed=3)
    for temperature in (1.0, 4.0):
        for seed in SEEDS:
            for chain, root in (("short", ""), ("robust", teacher)):
                model = run.step(temperature, 0, seed=seed, chain=chain, teacher=root)
                run.answers[model] = answers(200 + 5 * seed * int(temperature), 0.4, run.labels["test"])
                run.slopes(model, slopes(5 * seed * int(temperature), n=200))
                run.attack(model, "cw", struck({3: seed * temperature}))
    both = claims.rows(run)
    for one, other in zip(both, alone, strict=False):
        assert {**one, "p": other["p"], "decision": other["decision"]} == other
        assert one["p"] > other["p"] or other["p"] in (0, 1)
    assert [(row["chain"], row["claim"], row["view"], row["value"]) for row in both[len(alone) :]] == [
        ("short", "accuracy_temperature", "", pytest.approx(8.0)),
        ("short", "small_gradients", "", pytest.approx(20.0)),
        ("short", "confidence_temperature", "", pytest.approx(0.0)),
        ("short", "robustness_temperature_l2", "both", pytest.approx(8.0)),
    ]


@pytest.mark.parametrize(
    ("other", "views"),
    [((2.0, -8.03), ["both"]), ((2.0, -8.05), ["raw", "worst"]), ((2.03, -8.0), ["both"]), ((2.0,), ["raw", "worst"])],
)
def test_views_whose_numbers_look_alike_make_one_claim(other, views):
    raw = claims.PaperClaim("c", "more", "l2", (2.0, -8.0), "up", 0.1, source="V", view="raw")
    told = claims._told_once((raw, replace(raw, values=other, view="worst")))
    assert [claim.view for claim in told] == views


def test_a_trend_of_a_fifth_of_an_image_is_none(run):
    """Equal in every seed, it would be contradicted beyond doubt if any slope above 0 counted."""
    for temperature in TEMPERATURES:
        for seed in SEEDS:
            right = 400 + (temperature == TEMPERATURES[-1])
            for step in range(4):
                model = run.step(temperature, step, seed=seed)
                run.answers[model] = answers(right, 0.45, run.labels["test"])
    row = claims.rows(run)[0]
    assert (row["claim"], row["decision"]) == ("accuracy_temperature", "undecided")
    assert 0 < row["value"] < IMAGE / 4 * 1.5
