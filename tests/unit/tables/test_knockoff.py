"""The knockoff matrix: each knockoff beside the LS student of its own seed and network, each teacher with verdicts."""

from math import sqrt

import by_hand
import numpy as np
import pytest

from distillab.tables import knockoff, verdicts
from distillab.tables.tuning import KnockoffCell

LABELS = {"train": np.arange(40) % 4, "val": np.arange(10) % 4, "test": np.arange(20) % 4}
SEEDS = (5, 3, 4)
T975, T95 = 4.302652729911275, 2.919985580353725
"""Student's quantiles with two degrees of freedom: 97.5 %, for two sides and for Holm's first of two, and 95 %."""

LS, KD, EXTRA = (10, 12, 14), (13, 14, 18), (9, 11, 14)
"""Right answers of 20 by seed. Gains of KD 3, 2, 4 and of EXTRA -1, -1, 0: other pairings give other intervals."""


@pytest.fixture
def results(made_up):
    """Two teachers; LS students of two smoothings: on test images, and on those of the last seed, 0.2 is the better."""
    found = made_up(("ce", "st"), ("kd", "extra"), labels=LABELS)
    for seed, ls, kd, extra in zip(SEEDS, LS, KD, EXTRA, strict=True):
        found.ls_student(0.1, seed=seed, val=8 if seed == 5 else 6, test=ls)
        found.ls_student(0.2, seed=seed, val=7 if seed == 4 else 5, test=20)
        teachers = {key: found.teacher(key, seed=seed, test=19) for key in ("ce", "st")}
        found.knockoff("kd", teachers["ce"], test=kd, val=1, queries=40 * 3, responses="live")
        found.knockoff("extra", teachers["ce"], test=extra, val=2, queries=40)
        found.knockoff("kd", teachers["st"], test=kd - 7, val=3, queries=40)
    return found


def interval(counts, *, n=20, quantile=T975):
    """Mean and bounds of shares of ``n`` images, by Student's interval for three seeds that spread by one image."""
    shares = np.array(counts) / n
    half = quantile * max(shares.std(ddof=1), 1 / n) / sqrt(3)
    return shares.mean(), shares.mean() - half, shares.mean() + half


def test_a_cells_whole_row(results, same_row):
    rows = knockoff.rows(results)
    assert [(row["teacher"], row["student"], row["attack"]) for row in rows] == [
        ("ce-wide", "thin", "kd"), ("ce-wide", "thin", "extra"), ("st-wide", "thin", "kd"),
    ]  # fmt: skip
    gain = interval((3, 2, 4))
    ours, theirs = (by_hand.share_bounds([count / 20 for count in counts], 20) for counts in (KD, LS))
    assert gain[0] == pytest.approx(0.15)
    same_row(rows[0], {
        "defense": "ce", "defense_label": "CE", "grade": "of ce", "teacher": "ce-wide",
        "attack": "kd", "attack_label": "KD", "attack_grade": "of kd", "in_paper": True, "student": "thin",
        "seeds": 3, "test_n": 20,
        "knockoff_accuracy": 0.75, "knockoff_low": ours[0], "knockoff_high": ours[1],
        "ls_smoothing": 0.1, "ls_accuracy": 0.6, "ls_low": theirs[0], "ls_high": theirs[1],
        "delta": 0.15, "delta_low": gain[1], "delta_high": gain[2],
        "queries": 120, "responses": "live", "missing": 0,
    })  # fmt: skip
    assert interval(KD)[2] > 1 > ours[1]


def test_no_gain_reaches_beyond_all_images(made_up):
    """Gains of all images, of minus all, and of all: an interval over seeds would reach far beyond both."""
    found = made_up(("ce",), labels=LABELS)
    for seed, ls, kd in zip(SEEDS, (0, 20, 0), (20, 0, 20), strict=True):
        found.ls_student(0.1, seed=seed, test=ls)
        found.knockoff("kd", found.teacher("ce", seed=seed), test=kd)
    (row,) = knockoff.rows(found)
    assert (row["delta"], row["delta_low"], row["delta_high"]) == (pytest.approx(1 / 3), -1, 1)


def test_cells_of_other_attacks_and_teachers_have_their_own_numbers(results):
    _, extra, st = knockoff.rows(results)
    loss = interval((-1, -1, 0))
    assert (extra["in_paper"], extra["attack_grade"], extra["queries"], extra["responses"]) == (
        False, "of extra", 40, "cached",
    )  # fmt: skip
    assert [extra[name] for name in ("delta", "delta_low", "delta_high")] == pytest.approx(loss)
    assert (st["defense"], st["defense_label"], st["grade"]) == ("st", "ST", "of st")
    assert [st[name] for name in ("delta", "delta_low", "delta_high")] == pytest.approx(interval((-4, -5, -3)))


def test_bounds_of_accuracies_stay_within_zero_and_one(made_up):
    found = made_up(("ce",), labels=LABELS)
    for seed, low, high in ((0, 0, 20), (1, 1, 19), (2, 4, 20)):
        found.ls_student(0.1, seed=seed, test=high)
        found.knockoff("kd", found.teacher("ce", seed=seed), test=low)
    (row,) = knockoff.rows(found)
    assert 0 < row["knockoff_low"] < 0.05
    assert 0.95 < row["ls_high"] < 1
    assert row["delta_low"] == -1.0


def test_each_seed_meets_the_ls_student_of_that_seed_and_of_the_chosen_smoothingilon(results):
    assert knockoff.ls_accuracy(results) == {"thin": {5: 0.5, 3: 0.6, 4: 0.7}}


def test_seeds_of_a_cell_that_has_fewer_are_paired_all_the_same(made_up):
    found = made_up(("ce",), labels=LABELS)
    for seed, ls in ((0, 4), (1, 8), (2, 16)):
        found.ls_student(0.1, seed=seed, test=ls)
    found.knockoff("kd", found.teacher("ce", seed=1), test=11)
    (row,) = knockoff.rows(found)
    assert (row["seeds"], row["ls_accuracy"], row["delta"]) == (1, 0.4, pytest.approx(0.15))
    assert row["delta_low"] is row["delta_high"] is row["knockoff_low"] is row["ls_high"] is None


def test_every_student_is_compared_with_its_own_network(results):
    for seed, ls, kd in zip(SEEDS, (2, 3, 4), (3, 5, 7), strict=True):
        results.ls_student(0.3, seed=seed, net="slim", test=ls)
        results.knockoff("kd", results.teacher("ce", seed=seed), net="slim", test=kd)
    row = knockoff.rows(results)[-1]
    assert (row["student"], row["ls_smoothing"]) == ("slim", 0.3)
    assert (row["ls_accuracy"], row["delta"]) == (pytest.approx(0.15), pytest.approx(0.1))


def test_a_teachers_verdicts_over_all_attacks_and_over_the_papers(results, same_row):
    """KD's gain is bounded from below at 97.5 % among two attacks, at 95 % alone; EXTRA has the larger upper bound."""
    rows = verdicts.rows(results)
    assert [(row["teacher"], row["student"]) for row in rows] == [("ce-wide", "thin"), ("st-wide", "thin")]
    error = 0.05 / sqrt(3)
    lower, alone, upper = 0.15 - T975 * error, 0.15 - T95 * error, 0.15 + T95 * error
    same_row(rows[0], {
        "defense": "ce", "defense_label": "CE", "teacher": "ce-wide", "student": "thin",
        "verdict": "distillable", "literal": True, "best_attack": "kd", "best_delta": 0.15,
        "lower": lower, "upper": upper, "margin": 0.05, "seeds": 3, "attacks": 2,
        "reason": f"kd gains at least {lower:+.4f} over label smoothing", "missing": 0,
        "paper_verdict": "distillable", "paper_literal": True, "paper_best_attack": "kd", "paper_best_delta": 0.15,
        "paper_lower": alone, "paper_upper": upper, "paper_margin": 0.05, "paper_seeds": 3, "paper_attacks": 1,
        "paper_reason": f"kd gains at least {alone:+.4f} over label smoothing", "paper_missing": 0,
    })  # fmt: skip
    assert (rows[1]["defense"], rows[1]["defense_label"], rows[1]["verdict"]) == ("st", "ST", "undistillable")
    assert (rows[1]["literal"], rows[1]["best_delta"]) == (False, pytest.approx(-0.2))


@pytest.mark.parametrize(("kd", "extra", "verdict", "papers"), [
    (0, 6, "distillable", "undecided"),
    (6, -4, "distillable", "distillable"),
    (-4, -4, "undistillable", "undistillable"),
    (-4, 0, "undecided", "undistillable"),
])  # fmt: skip
def test_an_attack_of_ours_counts_in_the_verdict_over_all_alone(made_up, kd, extra, verdict, papers):
    found = made_up(("ce",), ("kd", "extra"), labels=LABELS)
    for seed, ls in zip(SEEDS, LS, strict=True):
        found.ls_student(0.1, seed=seed, test=ls)
        for attack, gain in (("kd", kd), ("extra", extra)):
            found.knockoff(attack, found.teacher("ce", seed=seed), test=ls + gain)
    (row,) = verdicts.rows(found)
    assert (row["verdict"], row["paper_verdict"]) == (verdict, papers)
    assert (row["attacks"], row["paper_attacks"], row["paper_best_attack"]) == (2, 1, "kd")
    assert row["best_attack"] == ("extra" if extra > kd else "kd")
    assert (row["best_delta"], row["paper_best_delta"]) == pytest.approx((max(kd, extra) / 20, kd / 20))


def test_without_an_attack_of_the_paper_its_verdict_is_empty(made_up):
    found = made_up(("ce",), ("extra",))
    found.ls_student(0.1)
    found.knockoff("extra", found.teacher("ce"))
    (row,) = verdicts.rows(found)
    assert (row["verdict"], row["seeds"], row["attacks"]) == ("undecided", 1, 1)
    assert {name for name, value in row.items() if value is None} == {
        "lower", "upper", "paper_verdict", "paper_literal", "paper_best_attack", "paper_best_delta", "paper_lower",
        "paper_upper", "paper_margin", "paper_seeds", "paper_attacks", "paper_reason",
    }  # fmt: skip


def test_several_students_are_judged_apart_and_together(results):
    """SLIM gains 1, 2, 3 with KD; together, an attack on one student is an attack of its own."""
    for seed, ls in zip(SEEDS, (5, 6, 7), strict=True):
        results.ls_student(0.1, seed=seed, net="slim", test=ls)
        results.knockoff("kd", results.teacher("ce", seed=seed), net="slim", test=ls + ls - 4)
    rows = {row["student"]: row for row in verdicts.rows(results) if row["teacher"] == "ce-wide"}
    assert list(rows) == ["thin", "slim", verdicts.EVERY_STUDENT]
    assert [(row["best_attack"], row["attacks"], row["paper_attacks"]) for row in rows.values()] == [
        ("kd", 2, 1), ("kd", 1, 1), ("kd on thin", 3, 2),
    ]  # fmt: skip
    assert [row["best_delta"] for row in rows.values()] == pytest.approx([0.15, 0.1, 0.15])
    assert [row["student"] for row in verdicts.rows(results) if row["teacher"] == "st-wide"] == ["thin"]


@pytest.mark.parametrize(("n", "margin"), [(4, 0.25), (20, 0.05), (999, 1 / 999), (1000, 0.001), (2000, 0.001)])
def test_the_margin_is_one_image_or_a_tenth_of_a_point(made_up, n, margin):
    found = made_up(labels=LABELS | {"test": np.zeros(n)})
    assert knockoff.margin(found) == pytest.approx(margin)


def test_a_tuned_attack_is_named_so_and_is_not_the_papers(results):
    own = KnockoffCell("ce-wide", "thin", "kd")
    assert knockoff.attack_facts(results, own) == {"label": "KD", "grade": "of kd", "in_paper": True}
    assert knockoff.attack_facts(results, own._replace(tuned=True)) == {
        "label": "KD tuned",
        "grade": "of kd",
        "in_paper": False,
    }


def test_a_chosen_trial_is_a_cell_of_its_own(results):
    """The trial is the better one on validation images, by numbers that differ from those of the attack itself."""
    for seed, right in zip(SEEDS, (15, 17, 16), strict=True):
        results.knockoff("kd_trial0", results.teacher("ce", seed=seed), val=9, test=right, queries=77)
    rows = {row["attack"]: row for row in knockoff.rows(results) if row["teacher"] == "ce-wide"}
    assert list(rows) == ["kd", "kd_tuned", "extra"]
    tuned = rows["kd_tuned"]
    assert (tuned["attack_label"], tuned["in_paper"], tuned["queries"]) == ("KD tuned", False, 77)
    assert (tuned["knockoff_accuracy"], tuned["delta"]) == (pytest.approx(0.8), pytest.approx(0.2))


def test_seeds_that_agree_have_intervals_of_one_image(made_up):
    """Every seed alike: each of the three intervals is that of a spread of one image of 20."""
    found = made_up(("ce",), labels=LABELS)
    for seed in SEEDS:
        found.ls_student(0.1, seed=seed, test=10)
        found.knockoff("kd", found.teacher("ce", seed=seed), test=12)
    (row,) = knockoff.rows(found)
    half = T975 / 20 / sqrt(3)
    assert (row["delta_low"], row["delta_high"]) == pytest.approx((0.1 - half, 0.1 + half))
    for name, value in (("knockoff", 0.6), ("ls", 0.5)):
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx(by_hand.share_bounds([value] * 3, 20))
