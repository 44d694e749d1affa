"""Certificates summed up and beside the attacks, every column by hand."""

from math import inf, nan

import numpy as np
import pytest
from attacked_run import AttackedRun, assert_row, method, wilson_bounds
from certified_run import FAR, IDS, NEAR, certified, certifier, lengths

from distillab.tables import certificates

ATTACKS = {
    "pgd": method("linf", eps=0.05),
    "free": method("linf"),
    "wide": method("linf", eps=0.3),
    "cw": method("l2"),
}
CERTIFIED = {
    "dual": certifier("dual LP", "dual", grade="R", norm="l2"),
    "best": certifier("best of all", "ibp", "dual", "crown", "alpha_crown", "lp", "milp"),
}
RADII = (0.06, 0.05, 0.02, 0.09, 0.0, 0.1, 0.07, 0.055)
PGD = lengths({33: 0.04, 21: None, 12: inf, 18: inf})
FREE = lengths({7: 0.2, 12: 0.09, 33: 0.06, 55: 0.15, 99: 0.01})
"""Image 99 has no certificate; 40 and 3 met no attack in Linf."""


def made():
    return AttackedRun(ATTACKS, certifiers=CERTIFIED, defenses={"ce": {"label": "CE"}, "nt": {"label": "Nasty"}})


@pytest.fixture
def run():
    """A teacher whose attacks are known; a student that is attacked and certified otherwise."""
    run = made()
    teacher, student = run.teacher("nt", seed=5, arch="cnn"), run.step(4.0, 2, seed=7)
    run.attack(student, "free", lengths({40: inf, 12: 0.06}))
    run.attack(teacher, "pgd", PGD)
    run.attack(teacher, "free", FREE, logits="from_plain", source=student)
    run.attack(teacher, "cw", lengths(dict.fromkeys(IDS, 1.0), norm="l2", linf=1.0))
    run.certify(student, "dual", certified({0.2: ("dual", "")}), norm="linf")
    run.certify(teacher, "best", certified({0.05: NEAR, 0.1: FAR}, radius=np.array(RADII)))
    return run


def shared(successes):
    low, high = wilson_bounds(successes, 8)
    return (
        {"family": "teachers", "model": "nt-cnn", "role": "teacher", "defense": "nt", "arch": "cnn", "chain": ""}
        | {"temperature": nan, "step": -1, "defense_label": "Nasty", "certifier": "best", "grade": "V", "norm": "linf"}
        | {"certifier_label": "best of all", "seed": 5, "n": 8, "clean_accuracy": 7 / 8}
        | {"certified_accuracy": successes / 8, "low": low, "high": high}
        | {"mean_radius": sum(RADII) / 8, "median_radius": 0.0575, "robust_n": 6}
    )


def test_every_column_at_the_smaller_radius(run):
    """Attacks in Linf met six images and changed 33; 21 was wrong before. Of the six, 7, 18 and 55 are certified."""
    assert_row(
        certificates.rows(run)[1],
        shared(5)
        | {"eps": 0.05, "slack": 3, "robust_accuracy": 4 / 6, "gap": 4 / 6 - 3 / 6, "missing": 0, "undecided": 2 / 8}
        | {"by_ibp": 2 / 8, "by_dual": 0.0, "by_crown": 1 / 8, "by_alpha_crown": 1 / 8, "by_lp": 0.0, "by_milp": 1 / 8},
    )


def test_every_column_at_the_larger_radius(run):
    """Now 12 falls too, to the attack without a budget; of the six, 18 alone is certified."""
    assert_row(
        certificates.rows(run)[2],
        shared(2)
        | {"eps": 0.1, "slack": 2, "robust_accuracy": 3 / 6, "gap": 3 / 6 - 1 / 6, "missing": 0, "undecided": 5 / 8}
        | {"by_ibp": 0.0, "by_dual": 1 / 8, "by_crown": 0.0, "by_alpha_crown": 0.0, "by_lp": 1 / 8, "by_milp": 0.0},
    )


def test_a_published_bound_counts_what_rounding_may_have_lifted():
    """At 0.05, 40, 12 and 33 lie within rounding: 12 and 33 had no certificate, and none of them is misclassified."""
    run = made()
    teacher = run.teacher("nt", seed=5, arch="cnn")
    for key, paper in (("dual", "wong-kolter"), ("best", None)):
        run.certify(teacher, key, certified({0.05: NEAR}), as_published=paper)
    found = {row["certifier"]: row for row in certificates.rows(run)}
    assert (found["dual"]["certified_accuracy"], found["best"]["certified_accuracy"]) == (7 / 8, 5 / 8)
    assert (found["dual"]["by_dual"], found["best"]["by_dual"]) == (3 / 8, 0.0)
    assert found["dual"]["undecided"] == 0.0


def test_one_row_for_each_model_certifier_and_radius(run):
    rows = certificates.rows(run)
    keys = ("model", "chain", "temperature", "step", "defense_label", "certifier", "norm", "eps", "seed", "n")
    assert [tuple(row[key] for key in keys) for row in rows[:1]] == [
        ("ta-T4-step2", "ta", 4.0, 2, "", "dual", "l2", 0.2, 7, 2)
    ]
    assert [(row["model"], row["eps"]) for row in rows[1:]] == [("nt-cnn", 0.05), ("nt-cnn", 0.1)]
    assert (rows[0]["robust_accuracy"], rows[0]["robust_n"], rows[0]["gap"]) == (0.5, 2, 0.0)
    assert np.isnan(rows[0]["mean_radius"])


def beside(attacks, *, eps=0.05, by=("", "", "", ""), norm="linf"):
    """Robust accuracy, the images behind it, and the gap, of one model at one radius."""
    run = made()
    model = run.teacher("ce")
    for key, frame in attacks.items():
        run.attack(model, key, frame)
    run.certify(model, "best", certified({eps: by}), norm=norm)
    (row,) = certificates.rows(run)
    return row["robust_accuracy"], row["robust_n"], row["gap"]


CLEAR = lengths({40: inf, 12: 0.05, 33: inf, 7: inf})


@pytest.mark.parametrize(
    ("key", "eps", "known"),
    [
        ("pgd", 0.05, True), ("pgd", 0.06, True), ("pgd", 0.04, False), ("wide", 0.05, False), ("wide", 0.3, True),
        ("free", 0.01, True),
    ],
)  # fmt: skip
def test_an_attack_speaks_of_the_radii_from_its_budget_on(key, eps, known):
    found = beside({key: CLEAR}, eps=eps)
    assert (found[1] == 4) is known
    assert np.isnan(found[0]) is not known
    assert np.isnan(found[2]) is not known


def test_where_one_attack_speaks_of_a_radius_all_of_its_norm_count():
    """An adversarial image within the radius is one, whatever the budget that it was looked for with."""
    found = beside({"wide": lengths({40: 0.02, 12: inf}), "free": lengths({40: inf, 12: inf, 33: inf})})
    assert found == (pytest.approx(2 / 3), 3, pytest.approx(2 / 3))


def test_an_image_falls_to_any_of_three_attacks():
    """Each changes one that the two others leave: one of four stands, where a majority would let all four."""
    ids = (40, 12, 33, 7)
    struck = zip(("pgd", "free", "wide"), ids[:3], strict=True)
    found = beside({key: lengths(dict.fromkeys(ids, inf) | {fallen: 0.02}) for key, fallen in struck})
    assert found == (1 / 4, 4, 1 / 4)


def test_only_attacks_in_the_norm_of_the_certificate_stand_beside_it():
    short = lengths({40: 0.04, 12: inf, 33: inf, 7: inf}, norm="l2", linf=100.0)
    assert beside({"free": lengths({40: inf, 12: inf, 33: inf, 7: inf}, l2=1.0), "cw": short})[0] == 1.0
    assert beside({"free": lengths({40: 0.04, 12: 0.03}, l2=100.0), "cw": short}, norm="l2")[:2] == (0.75, 4)


@pytest.mark.parametrize(("distance", "robust"), [(0.05000104, 0.75), (0.0500011, 1.0)])
def test_a_perturbation_on_the_surface_carries_rounding(distance, robust):
    assert beside({"free": lengths({40: distance, 12: inf, 33: inf, 7: inf})})[0] == robust


def test_every_method_that_the_plan_names_has_its_share_and_no_other():
    """Also of a certifier that is asked for alone, and whatever a method is called."""
    run = AttackedRun(
        certifiers={"mine": certifier("mine", "own"), "all": certifier("all", "cheap", "own", "dear")},
        defenses={"ce": {"label": "CE"}},
    )
    model = run.teacher("ce")
    run.certify(model, "mine", certified({0.1: ("own", "own", "", "")}))
    run.certify(model, "all", certified({0.1: ("cheap", "own", "dear", "dear")}))
    shares = [{name: value for name, value in row.items() if name.startswith("by_")} for row in certificates.rows(run)]
    assert shares == [
        {"by_own": 0.5, "by_cheap": 0.0, "by_dear": 0.0},
        {"by_own": 0.25, "by_cheap": 0.25, "by_dear": 0.5},
    ]
    assert list(shares[0]) == ["by_own", "by_cheap", "by_dear"]
