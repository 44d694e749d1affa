"""One question: its headroom, what a look decides, what stands, what is open, what is gone, and the papers' rule."""

import pytest
from made_run import deciding, means
from theft_run import TEST, counts, gains_of, shares, theft_run, without

from distillab.metrics.decisions import Evidence, decide
from distillab.metrics.gains import headroom
from distillab.metrics.levels import Levels
from distillab.tables.question import EVERY_STUDENT, Question
from distillab.tables.thefts import EVERYTHING, Theft

LEVELS = Levels(alpha=0.1, teachers=2, attacks=3, looks=3, share=0.5, thieves=2)
MARGIN = 0.04
LS, PSEUDO = counts(0, 100, 103, 99, 102, 101, 98, 104, 97), counts(0, 104, 101, 106, 103, 105, 102, 107, 100)
TEACHER = counts(0, 190, 186, 192, 188, 191, 187, 189, 193)
KD, MKD = counts(0, 112, 116, 109, 118, 111, 114), counts(0, 108, 111, 104, 109)


def run(cells, controls=None, teachers=None, first=4):
    """Attacks on CE's teacher by a poor thief with two controls; an attack may stand with its student network."""
    named = {("poor", "ce", *([key] if isinstance(key, str) else key)): right for key, right in cells.items()}
    both = {("poor", "ls_student"): LS, ("poor", "pseudo_student"): PSEUDO}
    facts = {"thieves": {"poor": means(12, seeds=range(first))}, "decide": deciding(6, 8, margin=MARGIN)}
    return theft_run(named, controls or both, teachers={"ce": teachers or TEACHER}, **facts)


def ask(found, *nets, levels=LEVELS, defense="ce"):
    parts = [Theft(found, "poor", net) for net in nets or ("thin",)]
    cells = {
        f"{cell.name} on {part.student}" if len(parts) > 1 else cell.name: (part, cell)
        for part in parts
        for cell in part.attacks(f"{defense}-wide")
    }
    student = EVERY_STUDENT if len(parts) > 1 else parts[0].student
    return Question("poor", f"{defense}-wide", defense, "wide", student, cells, levels)


def look(question, *looks, leaks=None, tested=True):
    for seeds in looks:
        question.look(seeds, leaks=leaks, tested=tested)
    return question


def first(right, seeds):
    return {seed: count for seed, count in right.items() if seed < seeds}


@pytest.mark.parametrize(("leaks", "tested", "answer"), [
    (None, True, "distillable"), (False, True, "distillable"), (True, False, "undecided"), (False, False, "no control"),
])  # fmt: skip
def test_a_look_decides_on_its_gains_with_the_levels_and_the_margin_of_the_page(leaks, tested, answer):
    found = look(ask(run({"kd": KD, "mkd": MKD})), 6, leaks=leaks, tested=tested)
    gains = gains_of({("ce-wide", "kd"): KD, ("ce-wide", "mkd"): MKD}, ls=first(LS, 6), pseudo=first(PSEUDO, 6))
    of_attack = {attack: gains["ce-wide", attack] for attack in ("kd", "mkd")}
    room = headroom(shares(first(TEACHER, 6)), shares(LS), n_test=TEST)
    evidence = Evidence(of_attack, room, leaks, tested=tested)
    ours, expected = found.decision, decide(evidence, levels=LEVELS, margin=MARGIN, n_test=TEST)
    assert ours.answer == found.answer == expected.answer == answer
    assert (ours.reason, ours.closed, ours.price) == (expected.reason, expected.closed, expected.price)
    numbers = [(each.gain, each.lower, each.upper, *each.headroom) for each in (ours, expected)]
    assert numbers[0] == pytest.approx(numbers[1])
    assert {name: over["ls"].n for name, over in found.gains.items()} == {"kd": 6, "mkd": 4}


def test_a_decision_stands_whatever_later_looks_see():
    """Four seeds with a leak; four further ones at the level of the controls."""
    found = run({"kd": counts(0, 130, 133, 131, 134, 101, 104, 99, 103)})
    decided = look(ask(found), 0)
    assert (decided.answer, decided.gains["kd"]["ls"].n) == ("distillable", 4)
    before = decided.decision, decided.gains
    look(decided, 6, 8, leaks=False, tested=False)
    assert (decided.decision, decided.gains) == before
    assert look(ask(found), EVERYTHING).answer != "distillable"


def test_a_closed_attack_stays_closed_whatever_later_looks_see():
    """KD is closed at four seeds; MKD, far more scattered, at eight alone."""
    kd = counts(0, 71, 70, 70, 71, 110, 90, 115, 112)
    found = run({"kd": kd, "mkd": counts(0, 60, 110, 90, 62, 60, 61, 63, 60)})
    alone = look(ask(found), EVERYTHING)
    assert alone.decision.closed == ("mkd",)
    question = look(ask(found), 0)
    assert (question.answer, question.decision.closed) == ("undecided", ("kd",))
    look(question, EVERYTHING)
    assert (question.answer, question.decision.closed) == ("undistillable", ("kd", "mkd"))


def test_an_attack_that_is_not_there_is_missing_and_keeps_its_share_of_the_level():
    found = without(run({"kd": KD, "mkd": MKD}), *(f"ce-wide--mkd-thin--poor-s{seed}" for seed in range(4)))
    question = look(ask(found), EVERYTHING, tested=False)
    assert question.decision.reason == "kd gains, but a thief with fewer labels is not shown to"
    low = without(run({"kd": counts(0, 90, 91, 90, 92), "mkd": MKD}), *found.missing)
    assert look(ask(low), EVERYTHING).decision.reason == "missing: mkd; no gain is established"


def test_where_nothing_is_there_nothing_is_decided():
    found = without(run({"kd": KD}), *(f"ce-wide--kd-thin--poor-s{seed}" for seed in range(6)))
    question = look(ask(found), 0, EVERYTHING)
    assert (question.decision, question.answer, question.gains, question.open_cells) == (None, "", {}, set())


def test_the_headroom_is_of_all_teachers_and_ls_students():
    question = ask(run({"kd": KD}, first=2))
    expected = headroom(shares(first(TEACHER, 6)), shares(LS), n_test=TEST)
    assert (question.headroom.value, question.headroom.error) == pytest.approx((expected.value, expected.error))
    assert question.headroom.value == pytest.approx(189 / 200 - 100.5 / 200)


SLIM = counts(0, 150, 60, 155, 70)
"""LS students of another network, better on average and scattered."""


def of_two_students(**more):
    controls = {("poor", "ls_student"): LS, ("poor", "ls_student", "slim"): SLIM}
    return run({("kd", "thin"): KD, ("mkd", "thin"): MKD, ("kd", "slim"): MKD}, controls, **more)


def test_over_several_students_the_headroom_is_that_which_may_be_largest():
    """By value that of THIN; by its upper bound that of SLIM."""
    found = of_two_students()
    thin, slim, both = (ask(found, *nets) for nets in (["thin"], ["slim"], ["thin", "slim"]))
    assert thin.headroom.value > slim.headroom.value
    assert both.headroom.value == slim.headroom.value
    assert (both.student, [*both.cells], [part.student for part in both.parts]) == (
        EVERY_STUDENT, ["kd on thin", "mkd on thin", "kd on slim"], ["thin", "slim"],
    )  # fmt: skip


def test_a_headroom_without_bounds_may_be_the_largest():
    controls = {("poor", "ls_student"): LS, ("poor", "ls_student", "slim"): counts(0, 180, 181)}
    found = run({("kd", "thin"): KD, ("kd", "slim"): MKD}, controls)
    assert ask(found, "thin", "slim").headroom.n_control == 2


@pytest.mark.parametrize("gone", [
    [f"ce-wide-s{seed}" for seed in range(6)], [f"ls0.1-slim--poor-s{seed}" for seed in range(4)],
])  # fmt: skip
def test_without_a_teacher_or_a_students_control_there_is_no_headroom(gone):
    assert ask(without(of_two_students(), *gone), "thin", "slim").headroom is None


def test_open_are_the_cells_that_are_not_closed():
    kd, mkd = counts(0, 71, 70, 70, 71), counts(0, 60, 110, 90, 62)
    found = run({"kd": kd, "mkd": mkd})
    assert [cell.attack for cell in look(ask(found), 0).open_cells] == ["mkd"]
    assert [cell.attack for cell in look(ask(found), 0, leaks=False).open_cells] == ["mkd"]


def test_of_what_is_decided_or_of_no_use_no_cell_is_open():
    assert look(ask(run({"kd": counts(0, 130, 133, 131, 134)})), 0).open_cells == set()
    assert look(ask(run({"kd": counts(0, 60, 61, 60, 62)})), 0).answer == "undistillable"
    nothing = look(ask(run({"kd": counts(0, 98, 104, 101, 93)}, teachers=dict.fromkeys(range(4), 100))), 0)
    assert (nothing.answer, nothing.decision.closed, nothing.open_cells) == ("nothing to steal", (), set())


def test_gone_are_its_own_networks_and_controls():
    found = of_two_students()
    gone = ["ce-wide--kd-thin--poor-s2", "ce-wide--mkd-thin--poor-s0", "ls0.1-slim--poor-s1", "ls0.1-slim--poor-s3"]
    without(found, *gone, "ce-wide-s1")
    counted = [ask(found, *nets).gone for nets in (["thin"], ["slim"], ["thin", "slim"])]
    assert counted == [2, 2, 4]


def test_the_papers_question_is_over_its_attacks_alone_and_not_asked_yet():
    found = run({"kd": KD, "mkd": MKD, "extra": KD})
    question = look(ask(found), 0)
    papers = question.only_papers()
    assert ([*papers.cells], papers.levels.attacks, papers.decision, papers.gains) == (["kd", "mkd"], 2, None, {})
    assert (papers.levels.looks, papers.levels.share, papers.teacher) == (3, 0.5, "ce-wide")
    assert (question.levels, [*question.cells]) == (LEVELS, ["kd", "mkd", "extra"])
    assert ask(run({"extra": KD})).only_papers() is None


@pytest.mark.parametrize(("kd", "mkd", "better"), [
    ((100, 101, 102), (90,), False),
    ((100, 101, 103), (90,), True),
    ((90, 90, 90), (90, 90, 124), True),
    ((101,), (101, 101), False),
    ((100, 100, 100), (100,), False),
])  # fmt: skip
def test_the_papers_rule_is_about_means_over_all_seeds_of_ls_students_alone(kd, mkd, better):
    """The students of pseudo-labels are far better; LS students have 101 of 200 on average."""
    controls = {("poor", "ls_student"): counts(0, 99, 103, 101), ("poor", "pseudo_student"): counts(0, 150, 151, 152)}
    found = run({"kd": counts(0, *kd), "mkd": counts(3, *mkd)}, controls)
    assert ask(found).has_better_mean is better


def test_equal_means_are_equal_whatever_rounding_says():
    """290 of 600 in three runs and 870 of 1,800 in nine; the mean of the three shares is larger in its last bit."""
    three, nine = (102, 94, 94), (94, 97, 94, 102, 94, 99, 102, 94, 94)
    assert sum(nine) == 3 * sum(three)
    found = run({"kd": counts(0, *three)}, {("poor", "ls_student"): counts(0, *nine)})
    assert ask(found).has_better_mean is False


def test_the_papers_rule_is_about_what_is_there():
    found = of_two_students()
    without(found, *(f"ls0.1-thin--poor-s{seed}" for seed in range(8)))
    assert ask(found, "thin", "slim").has_better_mean is False
    without(found, *(f"ce-wide--kd-thin--poor-s{seed}" for seed in range(6)))
    assert ask(found, "thin", "slim").has_better_mean is True


def test_the_control_is_the_unprotected_teacher():
    found = theft_run(
        {("poor", defense, "kd"): KD for defense in ("ce", "st")}, {("poor", "ls_student"): LS},
        thieves={"poor": means(12)},
    )  # fmt: skip
    assert [ask(found, defense=defense).is_control for defense in ("ce", "st")] == [True, False]
