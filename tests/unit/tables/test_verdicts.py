"""The table of verdicts: what each question decided, over all attacks and the papers', and what is missing of it."""

import pytest
from made_run import deciding, means
from theft_run import TEST, counts, gains_of, shares, theft_run, without

from distillab.metrics.decisions import Evidence, decide
from distillab.metrics.gains import headroom
from distillab.metrics.levels import Levels
from distillab.tables import verdicts
from distillab.tables.looks import questions
from distillab.tables.question import EVERY_STUDENT
from distillab.tables.shielding import shielding

THIEVES = {"paper": means("all", queries="labeled", seeds=range(4)), "poor": means(12, seeds=range(4))}
MARGIN = 0.02
LS, PSEUDO = counts(0, 100, 102, 98, 101, 103), counts(0, 96, 99, 95, 98)
KD, EXTRA = counts(0, 112, 116, 109, 118), counts(0, 130, 76, 128, 81, 105)
LOSS, LEAK, NULL = counts(0, 60, 61, 60, 62), counts(0, 130, 133, 131, 134), counts(0, 103, 96, 108, 101)
CE = counts(0, 190, 186, 192, 188, 191)
SHOWN = ("gain", "lower", "upper")


def run(cells, controls=None, thieves=THIEVES, looks=(), **more):
    controls = controls or {("paper", "ls_student"): LS}
    return theft_run(cells, controls, thieves=thieves, decide=deciding(*looks, margin=MARGIN), **more)


def rows(found):
    return {(row["thief"], row["defense"], row["student"]): row for row in verdicts.rows(found)}


def decided(*attacks, of="ce-wide", teacher=CE):
    """The kernel's decision on these attacks among all of CE's and ST's."""
    gains = gains_of({("ce-wide", "kd"): KD, ("ce-wide", "extra"): EXTRA, ("st-wide", "kd"): LOSS}, ls=LS)
    evidence = Evidence({attack: gains[of, attack] for attack in attacks},
                        headroom(shares(teacher), shares(LS), n_test=TEST))  # fmt: skip
    return decide(evidence, levels=Levels(teachers=2, attacks=len(attacks)), margin=MARGIN, n_test=TEST)


def two_teachers(**more):
    return run({("paper", "ce", "kd"): KD, ("paper", "ce", "extra"): EXTRA, ("paper", "st", "kd"): LOSS},
               teachers={"ce": CE}, **more)  # fmt: skip


def test_a_teachers_whole_row_over_all_attacks_and_over_the_papers(same_row):
    """KD is tested among two attacks, and alone; EXTRA has the larger upper bound, and five seeds."""
    row, ours, papers = rows(two_teachers())["paper", "ce", "thin"], decided("kd", "extra"), decided("kd")
    assert ours.lower < papers.lower
    assert ours.upper > papers.upper
    room = ours.headroom
    same_row(row, {
        "thief": "paper", "defense": "ce", "defense_label": "CE", "teacher": "ce-wide", "student": "thin",
        "margin": MARGIN, "headroom": room[0], "headroom_low": room[1], "headroom_high": room[2], "teacher_seeds": 5,
        "control_seeds": 5,
        "verdict": "distillable", "literal": True, "best_attack": "kd", "best_delta": ours.gain,
        "lower": ours.lower, "upper": ours.upper, "seeds": 4, "attacks": 2, "reason": ours.reason,
        "price_seeds": None, "price_runs": None, "missing": 0,
        "paper_verdict": "distillable", "paper_literal": True, "paper_best_attack": "kd",
        "paper_best_delta": papers.gain, "paper_lower": papers.lower, "paper_upper": papers.upper, "paper_seeds": 4,
        "paper_attacks": 1, "paper_reason": papers.reason, "paper_price_seeds": None, "paper_price_runs": None,
        "paper_missing": 0,
        "share_removed": None, "share_low": None, "share_high": None, "protects": None, "protection_reason": None,
        "cost": None, "cost_low": None, "cost_high": None,
    })  # fmt: skip


def test_a_defended_teacher_is_undistillable_beside_one_that_leaks():
    row, expected = rows(two_teachers())["paper", "st", "thin"], decided("kd", of="st-wide")
    assert (row["verdict"], row["literal"], row["best_attack"], row["seeds"]) == ("undistillable", False, "kd", 4)
    assert [row["best_delta"], row["lower"], row["upper"]] == pytest.approx([getattr(expected, name) for name in SHOWN])
    assert (row["paper_verdict"], row["paper_literal"], row["price_seeds"]) == ("undistillable", False, None)


def test_what_a_defense_takes_and_costs_stands_beside_its_verdict():
    found = two_teachers()
    row = rows(found)["paper", "st", "thin"]
    (shown,) = shielding(questions(found)).values()
    assert shown["protects"] is not None
    assert {name: row[name] for name in shown} == shown


def test_the_papers_control_is_shown_to_leak_by_the_papers_attacks():
    """EXTRA shows CE's leak; the paper's attack alone does not, and then nothing is undistillable by it."""
    found = rows(run({("paper", "ce", "kd"): NULL, ("paper", "ce", "extra"): LEAK, ("paper", "st", "kd"): LOSS}))
    assert [found["paper", name, "thin"]["verdict"] for name in ("ce", "st")] == ["distillable", "undistillable"]
    assert [found["paper", name, "thin"]["paper_verdict"] for name in ("ce", "st")] == ["undecided", "no control"]


def test_an_open_verdict_has_its_price():
    question = run({("paper", "ce", "kd"): NULL, ("paper", "ce", "extra"): EXTRA})
    row = rows(question)["paper", "ce", "thin"]
    (asked,) = questions(question)
    price = asked.decision.price
    assert (row["verdict"], row["price_seeds"], row["price_runs"]) == ("undecided", price.seeds, price.runs)
    assert row["paper_price_runs"] < row["price_runs"]


def test_a_price_counts_every_setting_that_a_tuning_attacker_tries():
    """KD and two trials of it, at four seeds each: the tuned attack is one of these and has no trainings of its own."""
    trials = {("paper", "ce", f"kd_trial{number}"): NULL for number in (0, 1)}
    row = rows(run({("paper", "ce", "kd"): NULL} | trials))["paper", "ce", "thin"]
    assert (row["verdict"], row["attacks"]) == ("undecided", 2)
    assert row["price_runs"] == 3 * (row["price_seeds"] - 4)


def test_the_papers_looks_are_taken_again_over_its_attacks_alone():
    """At four seeds KD leaks and at eight no more; by the paper's attack it is decided at four, too."""
    fading = LEAK | counts(4, 60, 61, 62, 60)
    row = rows(run({("paper", "ce", "kd"): fading, ("paper", "ce", "extra"): NULL}, looks=(8,)))["paper", "ce", "thin"]
    assert (row["verdict"], row["seeds"]) == (row["paper_verdict"], row["paper_seeds"]) == ("distillable", 4)


def test_without_an_attack_of_the_paper_its_verdict_is_empty():
    row = rows(run({("paper", "ce", "extra"): NULL}))["paper", "ce", "thin"]
    assert (row["verdict"], row["seeds"], row["attacks"], row["paper_missing"]) == ("undecided", 4, 1, 0)
    assert {name for name, value in row.items() if name.startswith("paper_") and value is None} == {
        f"paper_{name}" for name in verdicts.VERDICT if name != "missing"
    }  # fmt: skip


def test_other_thieves_have_no_papers_verdict_and_two_controls():
    """The gain is above LS students and not above those of pseudo-labels, of whom there are fewer."""
    controls = {("poor", "ls_student"): LS, ("poor", "pseudo_student"): counts(0, 131, 133, 130)}
    row = rows(run({("poor", "ce", "kd"): LEAK}, controls))["poor", "ce", "thin"]
    gains = gains_of({("ce-wide", "kd"): LEAK}, ls=LS, pseudo=counts(0, 131, 133, 130))["ce-wide", "kd"]
    assert row["best_delta"] == pytest.approx(gains["pseudo"].value)
    assert (row["verdict"], row["literal"], row["control_seeds"]) == ("undecided", True, 5)
    assert row["paper_verdict"] is row["paper_literal"] is None


@pytest.mark.parametrize(("kd", "extra", "literal", "papers"), [
    (101, 90, True, True), (90, 101, True, False), (100, 100, False, False),
])  # fmt: skip
def test_the_papers_rule_is_about_the_attacks_of_each_verdict(kd, extra, literal, papers):
    cells = {
        ("paper", "ce", "kd"): dict.fromkeys(range(3), kd),
        ("paper", "ce", "extra"): dict.fromkeys(range(3), extra),
    }
    row = rows(run(cells, {("paper", "ls_student"): counts(0, 99, 100, 101)}))["paper", "ce", "thin"]
    assert (row["literal"], row["paper_literal"]) == (literal, papers)


def test_several_students_are_judged_apart_and_together():
    """Together, an attack on one student is an attack of its own; controls are those of the student with the fewest."""
    cells = {
        ("paper", "ce", "kd"): LEAK,
        ("paper", "ce", "extra"): NULL,
        ("paper", "ce", "kd", "slim"): counts(0, 99, 98, 95),
        ("paper", "st", "kd"): LOSS,
    }
    found = rows(run(cells, {("paper", "ls_student"): LS, ("paper", "ls_student", "slim"): counts(0, 80, 82, 78)}))
    ce = {student: row for (_, defense, student), row in found.items() if defense == "ce"}
    assert [*ce] == ["thin", "slim", EVERY_STUDENT]
    assert [(row["best_attack"], row["attacks"], row["paper_attacks"], row["seeds"], row["control_seeds"])
            for row in ce.values()] == [("kd", 2, 1, 4, 5), ("kd", 1, 1, 3, 3), ("kd on thin", 3, 2, 3, 3)]  # fmt: skip
    assert [student for _, defense, student in found if defense == "st"] == ["thin"]


def test_nothing_is_undistillable_of_which_networks_are_missing():
    found = two_teachers()
    whole = rows(found)["paper", "st", "thin"]
    row = rows(without(found, "st-wide--kd-thin-s3"))["paper", "st", "thin"]
    assert (whole["verdict"], whole["literal"], whole["missing"]) == ("undistillable", False, 0)
    assert (row["verdict"], row["literal"], row["missing"], row["seeds"]) == ("undecided", None, 1, 3)
    assert row["reason"].startswith("1 network is missing; of what is there, none of 1 attacks gains more than ")
    more = rows(without(found, "st-wide--kd-thin-s3", "ls0.1-thin-s2"))["paper", "st", "thin"]
    assert more["reason"].startswith("2 networks are missing; ")
    assert (more["paper_verdict"], more["paper_literal"], more["paper_missing"]) == ("undecided", None, 2)


@pytest.mark.parametrize("gone", [
    ["st-wide--kd-thin-s1-measure"], ["ls0.1-thin-s1"], ["ls0.1-thin-s1", "ls0.1-thin-s1-measure"],
])  # fmt: skip
def test_networks_count_once_with_their_answers_and_ls_students_count(gone):
    found = two_teachers()
    for model in [run.member.id for run in found.planned]:
        found.make("measure", f"{model}-measure", parents={"model": model})
    row = rows(without(found, *gone))["paper", "st", "thin"]
    assert (row["verdict"], row["missing"], row["paper_missing"]) == ("undecided", 1, 1)


def test_a_leak_stands_at_the_level_of_the_family_that_was_planned():
    found = two_teachers()
    gone = without(found, *(f"ce-wide--extra-thin-s{seed}" for seed in range(5)))
    row = rows(gone)["paper", "ce", "thin"]
    gains = gains_of({("ce-wide", "kd"): KD, ("st-wide", "kd"): LOSS}, ls=LS)["ce-wide", "kd"]["ls"]
    assert (row["verdict"], row["attacks"], row["missing"], row["literal"]) == ("distillable", 1, 5, True)
    assert row["upper"] is None
    assert row["lower"] == pytest.approx(gains.lower(0.05 / 2 / 2))
    assert (row["paper_lower"], row["paper_missing"]) == (pytest.approx(gains.lower(0.05 / 2)), 0)


def test_without_any_ls_student_there_is_nothing_to_compare():
    assert verdicts.rows(without(two_teachers(), *(f"ls0.1-thin-s{seed}" for seed in range(5)))) == []


def test_without_the_papers_attacks_its_verdict_is_empty_and_says_how_many_are_missing():
    found = run({("paper", "ce", "kd"): KD, ("paper", "ce", "extra"): LEAK})
    row = rows(without(found, *(f"ce-wide--kd-thin-s{seed}" for seed in range(4))))["paper", "ce", "thin"]
    assert (row["paper_verdict"], row["paper_literal"], row["paper_missing"], row["verdict"]) == (
        None, None, 4, "distillable",
    )  # fmt: skip


def test_all_students_stay_all_students_without_one_of_them():
    cells = {("paper", "ce", "kd"): LEAK, ("paper", "ce", "kd", "slim"): NULL}
    found = run(cells, {("paper", "ls_student"): LS, ("paper", "ls_student", "slim"): LS})
    gone = rows(without(found, *(f"ce-wide--kd-slim-s{seed}" for seed in range(4))))
    assert [(student, row["best_attack"], row["missing"]) for (*_, student), row in gone.items()] == [
        ("thin", "kd", 0), (EVERY_STUDENT, "kd on thin", 4),
    ]  # fmt: skip
