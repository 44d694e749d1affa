"""What answers are worth in labels: the kernel on listed numbers, on the curve of all LS students of the network."""

import pytest
from made_run import means
from theft_run import TEST, counts, shares, theft_run, without

from distillab.metrics.label_curve import equivalent_labels, labels_per_answer
from distillab.tables import worth

THIEVES = {
    "paper": means("all", queries="labeled", seeds=range(3)), "poor": means(12, seeds=range(3)),
    "twelve": means(12, answers="label", seeds=range(4)), "labels_6": means(6, queries="none", seeds=range(3)),
}  # fmt: skip
ALL, TWELVE, MORE, SIX = (
    counts(0, 170, 176, 173),
    counts(0, 120, 124, 131),
    counts(0, 121, 119, 130, 128),
    counts(0, 90, 93, 86),
)
CURVE = {50: ALL, 12: MORE, 6: SIX}
"""Of the two thieves with 12 labels, that with more seeds; 50 are all, validation images included."""
KD, MKD, HIGH = counts(0, 150, 158, 149), counts(0, 80, 71, 85), counts(0, 190, 192, 188)


def run(*, nets=("thin",), controls=None, thieves=THIEVES):
    cells = {("poor", "ce", "kd"): KD, ("poor", "st", "mkd"): MKD, ("paper", "ce", "kd"): HIGH}
    controls = controls or {("paper", "ls_student"): ALL, ("poor", "ls_student"): TWELVE,
                            ("twelve", "ls_student"): MORE, ("labels_6", "ls_student"): SIX,
                            ("poor", "pseudo_student"): counts(0, 199, 199, 199)}  # fmt: skip
    return theft_run(cells, controls, thieves=thieves)


def cells(found):
    return {(row["thief"], row["defense"], row["attack"], row["student"]): row for row in worth.rows(found)}


@pytest.mark.parametrize(("key", "right", "labels"), [
    (("poor", "ce", "kd", "thin"), KD, 12), (("poor", "st", "mkd", "thin"), MKD, 12),
    (("paper", "ce", "kd", "thin"), HIGH, 50),
])  # fmt: skip
def test_a_cells_whole_row(same_row, key, right, labels):
    curve = {n: shares(runs) for n, runs in CURVE.items()}
    found = equivalent_labels(curve, shares(right), n_test=TEST, seed=0)
    each = labels_per_answer(found, labels=labels, queries=40)
    thief, defense, attack, student = key
    expected = {"thief": thief, "defense": defense, "teacher": f"{defense}-wide", "student": student,
                "attack": attack, "labels": labels, "queries": 40, "seeds": 3}  # fmt: skip
    for name, kind in (("equivalent", found), ("per_answer", each)):
        for suffix, reading in (("", kind.value), ("_low", kind.low), ("_high", kind.high)):
            expected |= {f"{name}{suffix}": reading.value, f"{name}{suffix}_beyond": reading.beyond}
    same_row(cells(run())[key], expected)


def test_beyond_the_ends_of_the_curve_the_end_is_told_with_its_side():
    found = cells(run())
    above, below = found["paper", "ce", "kd", "thin"], found["poor", "st", "mkd", "thin"]
    assert (above["equivalent"], above["equivalent_beyond"], above["per_answer"]) == (50, 1, 0)
    assert (below["equivalent"], below["equivalent_beyond"], below["per_answer"]) == (6, -1, (6 - 12) / 40)
    within = found["poor", "ce", "kd", "thin"]
    assert 12 < within["equivalent_low"] < within["equivalent"] < within["equivalent_high"] < 50
    assert within["equivalent_beyond"] == 0


def test_answers_are_those_that_were_bought():
    found = run()
    found.knockoff("mkd", found.run_of("ce-wide-s0"), thief="poor", queries=8, test=150)
    row = cells(found)["poor", "ce", "mkd", "thin"]
    assert (row["queries"], row["seeds"], row["equivalent_low"], row["per_answer_high_beyond"]) == (8, 1, None, None)
    assert row["per_answer"] == pytest.approx((row["equivalent"] - 12) / 8)


def test_a_curve_is_of_its_network_and_of_ls_students():
    found = run()
    assert worth.label_curves(found) == {"thin": {n: shares(runs) for n, runs in CURVE.items()}}
    found.ls_student(0.1, seed=4, net="slim", thief="poor", test=100)
    assert worth.label_curves(found)["slim"] == {12: {4: 0.5}}


def test_of_thieves_with_as_many_labels_the_one_with_more_seeds_counts_wherever_it_stands():
    for thieves in (THIEVES, dict(reversed(THIEVES.items()))):
        assert worth.label_curves(run(thieves=thieves))["thin"][12] == shares(MORE)


def test_where_one_number_of_labels_is_known_nothing_is_said():
    found = run()
    found.ls_student(0.1, net="slim", thief="poor", test=100)
    for net in ("slim", "bare"):
        found.knockoff("kd", found.run_of("ce-wide-s0"), net=net, thief="poor", test=120)
    assert {student for *_, student in cells(found)} == {"thin"}
    found.ls_student(0.1, net="slim", thief="paper", test=150)
    assert {student for *_, student in cells(found)} == {"thin", "slim"}


def test_a_cell_that_is_not_there_has_no_row():
    gone = without(run(), *(f"st-wide--mkd-thin--poor-s{seed}" for seed in range(3)))
    assert [*cells(gone)] == [("paper", "ce", "kd", "thin"), ("poor", "ce", "kd", "thin")]
