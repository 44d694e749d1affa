"""Robust accuracy by the closest point of all attacks of a norm, image by image."""

from math import inf

import numpy as np
import pytest
from attacked_run import AttackedRun, assert_row, method, struck

from distillab.tables import curves

ATTACKS = {
    "cw": method("l2"), "df": method("l2"), "pgd": method("l2", eps=0.5), "aimed": method("l2", targeted=True),
    "ball": method("linf", eps=0.1), "free": method("linf"),
}  # fmt: skip
CW = {41: 0.6, 7: 0.4, 23: inf, 12: 1.2, 30: None, 99: 0.1}
DF = {7: 0.5, 41: 0.3, 12: inf, 23: inf, 30: None}
PGD = {12: 0.5, 41: inf, 7: inf, 23: inf, 30: None, 8: 0.01}
CLOSEST = {7: 0.4, 12: 0.5, 23: inf, 30: None, 41: 0.3}
"""Image 99 was shown to C&W alone, 8 to no search for the closest point."""


@pytest.fixture
def run():
    made = AttackedRun(ATTACKS)
    teacher, step = made.teacher("ce", seed=5, arch="papernot"), made.step(4.0, 1, seed=7, arch="small")
    for key, distances in (("cw", CW), ("df", DF), ("pgd", PGD), ("aimed", dict.fromkeys(CW, 0.01))):
        made.attack(teacher, key, struck(distances))
    made.attack(teacher, "ball", struck(dict.fromkeys(CW, 0.05)))
    made.attack(step, "cw", struck({1: 1.0, 2: 0.9, 3: None, 4: 1.6}))
    made.attack(step, "cw", struck({1: 0.8, 2: 1.5, 3: None, 4: 1.6}), logits="rescaled")
    made.attack(step, "free", struck({1: 0.2, 2: inf}))
    return made


def expected(distances, limit, **key):
    """A curve's rows from closest distances: whoever is right and farther than eps stands, up to float32's rounding."""
    return [
        key | {"n": len(distances), "eps": eps, "robust_accuracy": standing / len(distances)}
        for eps in limit * np.linspace(0, 1, 33)
        for standing in [sum(found is not None and found > eps + 1e-9 for found in distances.values())]
    ]


def test_the_closest_point_of_all_attacks_in_the_norm_counts(run):
    """A point of PGD counts, a targeted one and one in another norm do not; both views are of one network."""
    wanted = [
        *expected(CLOSEST, 1.6, model="ce-papernot", norm="l2", seed=5, attack_keys="cw, df, pgd", missing=0),
        *expected({1: 0.8, 2: 0.9, 3: None, 4: 1.6}, 1.6, model="ta-T4-step1", norm="l2", seed=7, attack_keys="cw",
                  missing=0),
        *expected({1: 0.2, 2: inf}, 0.2, model="ta-T4-step1", norm="linf", seed=7, attack_keys="free", missing=0),
    ]  # fmt: skip
    rows = curves.rows(run)
    assert len(rows) == 3 * 33
    for row, made in zip(rows, wanted, strict=True):
        assert_row(row, made)
    assert [rows[i]["robust_accuracy"] for i in (0, 32, 33, 65, 66, 98)] == [0.8, 0.2, 0.75, 0.0, 1.0, 0.5]


def test_no_attack_can_loosen_a_curve(run):
    before = {(row["model"], row["norm"], row["eps"]): row["robust_accuracy"] for row in curves.rows(run)}
    run.attack("ce-papernot-s5", "free", struck(dict.fromkeys(CLOSEST, 0.05)))
    run.frames["ce-papernot-s5-df"] = struck({**DF, 23: 0.2, 7: 1.1})
    after = {(row["model"], row["norm"], row["eps"]): row["robust_accuracy"] for row in curves.rows(run)}
    assert all(after[key] <= value for key, value in before.items())
    assert any(after[key] < value for key, value in before.items())


def test_an_attack_carried_over_from_another_network_counts_but_makes_no_curve():
    run = AttackedRun(ATTACKS)
    model, other, source = run.teacher("ce"), run.teacher("nt"), run.teacher("ls")
    run.attack(model, "cw", struck({1: 0.5, 2: 0.5}))
    run.attack(model, "df", struck({1: 0.25, 2: inf}), logits="from_plain", source=source)
    run.attack(other, "df", struck({1: 0.1, 2: inf}), logits="from_plain", source=source)
    rows = curves.rows(run)
    assert {(row["model"], row["attack_keys"]) for row in rows} == {("ce-net", "cw, df")}
    assert [row["robust_accuracy"] for row in rows if row["eps"] in (0.0, 0.25, 0.5)] == [1.0, 0.5, 0.0]


def test_an_attack_that_is_not_there_is_counted(run):
    run.missing = {"ce-papernot-s5-df": "killed"}
    first = curves.rows(run)[0]
    assert (first["attack_keys"], first["missing"], first["n"]) == ("cw, pgd", 1, 6)


@pytest.mark.parametrize("distances", [{1: inf, 2: None}, {1: 0.5, 2: 0.25}])
def test_a_curve_ends_at_the_largest_distance(distances):
    run = AttackedRun(ATTACKS)
    run.attack(run.teacher("ce"), "cw", struck(distances))
    rows, found = curves.rows(run), [d for d in distances.values() if d not in (None, inf)]
    assert (rows[0]["eps"], rows[-1]["eps"], len(rows)) == (0.0, max(found, default=0.0), 33)
    assert rows[0]["robust_accuracy"] == sum(d is not None for d in distances.values()) / 2
