"""The knockoff matrix: each cell of each thief beside the students that had no answers."""

from math import isnan

import by_hand
import numpy as np
import pytest
from made_run import deciding, means
from theft_run import TEST, counts, gains_of, shares, theft_run, without

from distillab.tables import knockoff
from distillab.tables.frame import frame_of
from distillab.tables.looks import questions
from distillab.tables.models import errors_copied_by
from distillab.tables.question import EVERY_STUDENT

TAIL = 0.025
THIEVES = {"paper": means("all", queries="labeled", seeds=range(3)), "poor": means(12, seeds=range(3))}
KD, MKD, ST, SLIM = counts(0, 150, 153, 149), counts(0, 130, 131, 135), counts(1, 97, 104, 92), counts(0, 140, 141, 148)
PAPERS = counts(0, 180, 184)
LS, PSEUDO = counts(0, 100, 103, 99, 104, 98), counts(0, 105, 104, 109, 102)
SLIM_LS, SLIM_PSEUDO, PAPERS_LS = counts(0, 90, 96, 87), counts(0, 91, 92, 94), counts(0, 170, 171)


def run():
    cells = {("poor", "ce", "kd"): KD, ("poor", "ce", "extra"): MKD, ("poor", "st", "kd"): ST,
             ("poor", "ce", "kd", "slim"): SLIM, ("paper", "ce", "kd"): PAPERS}  # fmt: skip
    controls = {
        ("poor", "ls_student"): LS, ("poor", "pseudo_student"): PSEUDO, ("poor", "ls_student", "slim"): SLIM_LS,
        ("poor", "pseudo_student", "slim"): SLIM_PSEUDO, ("paper", "ls_student"): PAPERS_LS,
    }  # fmt: skip
    return theft_run(cells, controls, thieves=THIEVES, decide=deciding(8, margin=0.04))


def rows(found):
    return {(row["thief"], row["student"], row["teacher"], row["attack"]): row for row in knockoff.rows(found)}


def expected(key):
    """The kernel's gains of the poor thief's cell on THIN."""
    cells = {("ce-wide", "kd"): KD, ("ce-wide", "extra"): MKD, ("st-wide", "kd"): ST}
    return gains_of(cells, ls=LS, pseudo=PSEUDO)[key]


def bounds(gain):
    return [gain.value, gain.lower(TAIL), gain.upper(TAIL)]


def mean(right):
    low, high = by_hand.share_bounds([*shares(right).values()], TEST)
    return [sum(right.values()) / len(right) / TEST, low, high]


def test_rows_are_by_thief_student_and_cell_in_the_order_of_the_plan():
    assert [*rows(run())] == [
        ("paper", "thin", "ce-wide", "kd"), ("poor", "thin", "ce-wide", "kd"), ("poor", "thin", "ce-wide", "extra"),
        ("poor", "thin", "st-wide", "kd"), ("poor", "slim", "ce-wide", "kd"),
    ]  # fmt: skip


def test_a_cells_whole_row(same_row):
    found = run()
    for seed, right in KD.items():
        found.knockoff("kd", found.run_of(f"ce-wide-s{seed}"), thief="poor", test=right, queries=120, responses="live")
    said = {f"ce-wide--kd-thin--poor-s{seed}": found.run_of(f"ce-wide--kd-thin--poor-s{seed}") for seed in KD}
    agreed = [float((found.predicted(name, "test") == found.predicted(run.member.parents["teacher"], "test")).mean())
              for name, run in said.items()]  # fmt: skip
    wrong = {name: found.predicted(run.member.parents["teacher"], "test") != found.labels["test"]
             for name, run in said.items()}  # fmt: skip
    copied = [float((found.predicted(name, "test") == found.predicted(run.member.parents["teacher"], "test"))
                    [wrong[name]].mean()) for name, run in said.items()]  # fmt: skip
    errors = by_hand.share_bounds(copied, min(int(each.sum()) for each in wrong.values()))
    own, agreement, ls, pseudo = mean(KD), by_hand.share_bounds(agreed, TEST), mean(LS), mean(PSEUDO)
    gains = expected(("ce-wide", "kd"))
    delta, pseudo_delta = bounds(gains["ls"]), bounds(gains["pseudo"])
    same_row(rows(found)["poor", "thin", "ce-wide", "kd"], {
        "thief": "poor", "defense": "ce", "defense_label": "CE", "grade": "of ce", "teacher": "ce-wide",
        "attack": "kd", "attack_label": "KD", "attack_grade": "of kd", "in_paper": True, "student": "thin",
        "seeds": 3, "test_n": TEST,
        "knockoff_accuracy": own[0], "knockoff_low": own[1], "knockoff_high": own[2],
        "agreement": sum(agreed) / 3, "agreement_low": agreement[0], "agreement_high": agreement[1],
        "errors_copied": sum(copied) / 3, "errors_copied_low": errors[0], "errors_copied_high": errors[1],
        "control_seeds": 5, "ls_accuracy": ls[0], "ls_low": ls[1], "ls_high": ls[2],
        "pseudo_accuracy": pseudo[0], "pseudo_low": pseudo[1], "pseudo_high": pseudo[2],
        "delta": delta[0], "delta_low": delta[1], "delta_high": delta[2],
        "pseudo_delta": pseudo_delta[0], "pseudo_delta_low": pseudo_delta[1], "pseudo_delta_high": pseudo_delta[2],
        "recovered": delta[0] / (0.95 - ls[0]),
        "queries": 120, "responses": "live", "ls_smoothing": 0.1, "open": False, "missing": 0,
    })  # fmt: skip


@pytest.mark.parametrize(("attack", "teacher"), [("extra", "ce-wide"), ("kd", "st-wide")])
def test_cells_of_other_attacks_and_teachers_have_their_own_numbers(attack, teacher):
    row, gains = rows(run())["poor", "thin", teacher, attack], expected((teacher, attack))
    for name, gain in (("delta", gains["ls"]), ("pseudo_delta", gains["pseudo"])):
        assert [row[f"{name}{end}"] for end in ("", "_low", "_high")] == pytest.approx(bounds(gain))
    assert (row["in_paper"], row["attack_grade"]) == (attack == "kd", f"of {attack}")
    assert (row["defense"], row["defense_label"], row["grade"]) == (
        ("ce", "CE", "of ce") if teacher == "ce-wide" else ("st", "ST", "of st")
    )


def test_every_student_and_thief_is_compared_with_its_own_controls():
    found = rows(run())
    slim, papers = found["poor", "slim", "ce-wide", "kd"], found["paper", "thin", "ce-wide", "kd"]
    assert (slim["ls_accuracy"], slim["pseudo_accuracy"], slim["control_seeds"]) == (
        pytest.approx(91 / TEST), pytest.approx(277 / 3 / TEST), 3,
    )  # fmt: skip
    gains = gains_of({("ce-wide", "kd"): SLIM}, ls=SLIM_LS, pseudo=SLIM_PSEUDO)["ce-wide", "kd"]
    assert [slim["delta"], slim["delta_low"]] == pytest.approx(bounds(gains["ls"])[:2])
    assert (papers["ls_accuracy"], papers["delta"]) == (pytest.approx(170.5 / TEST), pytest.approx(11.5 / TEST))


def test_the_papers_thief_has_one_control_and_below_three_seeds_no_interval_is_claimed():
    row = rows(run())["paper", "thin", "ce-wide", "kd"]
    empty = {name for name, value in row.items() if value is None or (isinstance(value, float) and isnan(value))}
    assert empty == {f"{name}{end}" for name in ("knockoff", "agreement", "errors_copied", "ls", "delta")
                     for end in ("_low", "_high")} | {
        f"pseudo_{name}" for name in ("accuracy", "low", "high", "delta", "delta_low", "delta_high")
    }  # fmt: skip


@pytest.mark.parametrize(("right", "part"), [((107, 108, 111), None), ((112, 110, 108), 1)])
def test_a_share_of_the_headroom_is_told_where_there_is_more_than_the_margin(right, part):
    """Headrooms of 0.038 and 0.045 beside a margin of 0.04."""
    cells, controls = {("poor", "ce", "kd"): KD}, {("poor", "ls_student"): counts(0, 101, 101, 101)}
    found = theft_run(cells, controls, teachers={"ce": counts(0, *right)}, thieves=THIEVES,
                      decide=deciding(8, margin=0.04))  # fmt: skip
    (row,) = knockoff.rows(found)
    assert row["recovered"] == (part and pytest.approx(row["delta"] / 0.045))


def test_an_error_that_is_repeated_is_the_teachers_own():
    """The teacher is wrong about ten images; of another class, or right there, the knockoff has copied nothing."""
    found = theft_run({("poor", "ce", "kd"): counts(0, 150)}, {("poor", "ls_student"): LS}, thieves=THIEVES)
    (run,) = (run for run in found.runs if run.role == "knockoff")
    taught, labels = found.predicted(run.member.parents["teacher"], "test"), found.labels["test"]
    wrong = np.flatnonzero(taught != labels)
    own = labels.copy()
    own[wrong[:3]] = taught[wrong[:3]]
    own[wrong[3]] = next(each for each in range(4) if each not in (taught[wrong[3]], labels[wrong[3]]))
    found.predicted = lambda model, _split: own if model == run.member.id else taught
    assert errors_copied_by(found, run) == pytest.approx(3 / len(wrong))
    found.predicted = lambda _model, _split: labels
    assert isnan(errors_copied_by(found, run))


def test_an_agreement_is_told_of_all_seeds_or_of_none():
    found = run()
    found.make("measure", "st-wide-s1-measure", parents={"model": "st-wide-s1"})
    told = rows(without(found, "st-wide-s1-measure"))
    assert len(frame_of(knockoff.TABLE, [*told.values()])) == 5
    row = told["poor", "thin", "st-wide", "kd"]
    assert row["seeds"] == 3
    assert isnan(row["agreement"])
    assert isnan(row["errors_copied"])
    assert (row["agreement_low"], row["agreement_high"]) == (None, None)


def test_open_are_the_cells_that_might_decide_something():
    """CE leaks on THIN and on SLIM; of ST's nothing is decided."""
    found = rows(run())
    assert {key: row["open"] for key, row in found.items()} == {
        ("paper", "thin", "ce-wide", "kd"): True, ("poor", "thin", "ce-wide", "kd"): False,
        ("poor", "thin", "ce-wide", "extra"): False, ("poor", "thin", "st-wide", "kd"): True,
        ("poor", "slim", "ce-wide", "kd"): False,
    }  # fmt: skip


def test_a_cell_is_open_where_the_verdict_over_every_student_is():
    """KD's leak on THIN is shown among one attack, and not yet among those on every student."""
    cells = {
        ("paper", "ce", "kd"): counts(0, 106, 112, 105, 111),
        ("paper", "ce", "mkd", "slim"): counts(0, 99, 104, 95),
    }
    ls = counts(0, 100, 102, 98, 101)
    controls = {("paper", "ls_student"): ls, ("paper", "ls_student", "slim"): ls}
    found = theft_run(cells, controls, thieves=THIEVES, decide=deciding(8))
    assert {question.student: question.answer for question in questions(found)} == {
        "thin": "distillable", "slim": "undecided", EVERY_STUDENT: "undecided",
    }  # fmt: skip
    assert [row["open"] for row in knockoff.rows(found)] == [True, True]


def test_missing_counts_the_cells_own_networks_and_its_controls():
    gone = ["ce-wide--kd-thin--poor-s1", "pseudo0.1-slim--poor-s0", "ls0.1-thin--poor-s4"]
    found = rows(without(run(), *gone))
    assert {key: row["missing"] for key, row in found.items()} == {
        ("paper", "thin", "ce-wide", "kd"): 0, ("poor", "thin", "ce-wide", "kd"): 2,
        ("poor", "thin", "ce-wide", "extra"): 1, ("poor", "thin", "st-wide", "kd"): 1,
        ("poor", "slim", "ce-wide", "kd"): 1,
    }  # fmt: skip
    row = found["poor", "thin", "ce-wide", "kd"]
    assert (row["seeds"], row["control_seeds"]) == (2, 4)


@pytest.mark.parametrize("role", ["ls0.1", "pseudo0.1"])
def test_without_any_of_a_control_a_student_network_has_no_rows(role):
    found = rows(without(run(), *(f"{role}-thin--poor-s{seed}" for seed in range(5))))
    assert [*found] == [("paper", "thin", "ce-wide", "kd"), ("poor", "slim", "ce-wide", "kd")]


def test_the_smoothing_is_that_which_validation_images_chose():
    """0.2 is better on validation images and 0.1 on test images."""
    found = run()
    for seed in range(3):
        found.ls_student(0.2, seed=seed, thief="poor", val=9, test=80)
        found.ls_student(0.2, seed=seed, thief="poor", role="pseudo_student", test=85)
    assert {key: row["ls_smoothing"] for key, row in rows(found).items()} == {
        ("paper", "thin", "ce-wide", "kd"): 0.1, ("poor", "thin", "ce-wide", "kd"): 0.2,
        ("poor", "thin", "ce-wide", "extra"): 0.2, ("poor", "thin", "st-wide", "kd"): 0.2,
        ("poor", "slim", "ce-wide", "kd"): 0.1,
    }  # fmt: skip
    row = rows(found)["poor", "thin", "ce-wide", "kd"]
    assert (row["ls_accuracy"], row["pseudo_accuracy"], row["control_seeds"]) == pytest.approx((0.4, 0.425, 3))


def test_a_chosen_trial_is_a_cell_of_its_own():
    """The trial is the better one on validation images, by numbers that differ from those of the attack itself."""
    found = run()
    for seed, right in enumerate((160, 170, 165)):
        found.knockoff("kd_trial0", found.run_of(f"ce-wide-s{seed}"), thief="poor", val=9, test=right, queries=77)
    tuned = rows(found)["poor", "thin", "ce-wide", "kd_tuned"]
    assert (tuned["attack_label"], tuned["in_paper"], tuned["queries"]) == ("KD tuned", False, 77)
    cells = {("ce-wide", "kd"): KD, ("ce-wide", "kd_tuned"): counts(0, 160, 170, 165), ("ce-wide", "extra"): MKD,
             ("st-wide", "kd"): ST}  # fmt: skip
    gain = gains_of(cells, ls=LS, pseudo=PSEUDO)["ce-wide", "kd_tuned"]["ls"]
    assert [tuned["delta"], tuned["delta_low"], tuned["delta_high"]] == pytest.approx(bounds(gain))


def test_a_cell_may_have_one_seed():
    found = theft_run({("paper", "st", "extra"): {4: 120}}, {("paper", "ls_student"): {5: 100}}, thieves=THIEVES)
    (row,) = knockoff.rows(found)
    assert (row["defense"], row["seeds"], row["control_seeds"], row["queries"]) == ("st", 1, 1, 40)
    assert (row["responses"], row["delta"], row["delta_low"]) == ("cached", pytest.approx(0.1), None)


def test_seeds_that_agree_have_intervals_of_one_image():
    cells = {("paper", "ce", "kd"): dict.fromkeys(range(3), 120)}
    found = theft_run(cells, {("paper", "ls_student"): dict.fromkeys(range(3), 100)}, thieves=THIEVES)
    (row,) = knockoff.rows(found)
    for name, value in (("knockoff", 0.6), ("ls", 0.5)):
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx(by_hand.share_bounds([value] * 3, TEST))
    assert row["delta"] == pytest.approx(0.1)
    assert row["delta_low"] < row["delta"] < row["delta_high"]


def test_bounds_stay_within_what_can_be():
    cells = {("paper", "ce", "kd"): counts(0, 0, 200, 40), ("paper", "ce", "mkd"): counts(0, 200, 0, 200)}
    found = theft_run(cells, {("paper", "ls_student"): counts(0, 200, 0, 190)}, thieves=THIEVES)
    low, high = knockoff.rows(found)
    assert (low["delta_low"], high["delta_high"]) == (-1, 1)
    assert all(0 < row["knockoff_low"] < row["knockoff_high"] < 1 for row in (low, high))
