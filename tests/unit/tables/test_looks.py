"""Which questions a run asks, at which levels, in which order, and which looks were taken."""

import pytest
from made_run import deciding, means
from theft_run import TEST, counts, gains_of, theft_run, without

from distillab.tables import looks
from distillab.tables.looks import answer_at_all_looks, families, questions, thief_levels
from distillab.tables.question import EVERY_STUDENT
from distillab.tables.thefts import EVERYTHING

LS = counts(0, 100, 102, 98, 101, 99, 103, 97, 100)
LEAK, NULL, LOSS = counts(0, 130, 133, 131, 134), counts(0, 99, 104, 97, 101), counts(0, 60, 61, 60, 62)
THIEVES = {
    "paper": means("all", queries="labeled", seeds=range(4)),
    "thirty": means(30, seeds=range(4)), "six": means(6, seeds=range(2)), "twelve": means(12, seeds=range(3)),
    "label_only": means(12, answers="label", seeds=range(4)), "other": means(12, data="Letters", seeds=range(4)),
    "asks_own": means(12, queries="labeled", seeds=range(4)), "labels_9": means(9, queries="none", seeds=range(2)),
}  # fmt: skip


def run(cells, thieves=THIEVES, decide=None, controls=LS, **more):
    """Cells by thief, defense, attack and, where there are several, student; LS students alike for all."""
    asked = {(key[0], *key[3:]) for key in cells}
    students = {(thief, "ls_student", *net): controls for thief, *net in sorted(asked)}
    return theft_run(cells, students, thieves=thieves, decide=decide or deciding(4, 8), **more)


def answers(found):
    return {(each.thief, each.defense, each.student): each.answer for each in questions(found)}


def test_thieves_that_differ_in_their_labels_alone_are_a_sequence_from_the_fewest_up():
    thieves = THIEVES | {"everything": means("all"), "idle": means(20)}
    found = run({(thief, "ce", "kd"): NULL for thief in thieves if thief not in {"labels_9", "idle"}}, thieves)
    assert families(found) == [
        ["paper"], ["six", "twelve", "thirty", "everything"], ["label_only"], ["other"], ["asks_own"],
    ]  # fmt: skip
    assert [*thief_levels(found)] == [thief for thief in thieves if thief not in {"labels_9", "idle"}]


def test_questions_are_by_thief_teacher_and_student_in_the_order_of_the_plan():
    found = run({
        ("twelve", "ce", "kd"): LEAK, ("paper", "st", "kd", "slim"): NULL, ("paper", "ce", "kd"): NULL,
        ("paper", "st", "kd"): NULL, ("paper", "st", "mkd"): NULL,
    })  # fmt: skip
    asked = questions(found)
    assert [(each.thief, each.teacher, each.defense, each.network, each.student, [*each.cells]) for each in asked] == [
        ("paper", "st-wide", "st", "wide", "slim", ["kd"]),
        ("paper", "st-wide", "st", "wide", "thin", ["kd", "mkd"]),
        ("paper", "st-wide", "st", "wide", EVERY_STUDENT, ["kd on slim", "kd on thin", "mkd on thin"]),
        ("paper", "ce-wide", "ce", "wide", "thin", ["kd"]),
        ("twelve", "ce-wide", "ce", "wide", "thin", ["kd"]),
    ]


def test_the_error_rate_is_shared_over_teachers_attacks_looks_and_thieves():
    """Of the others than the papers' there are two sequences of three thieves with cells."""
    found = run({
        ("paper", "ce", "kd"): NULL, ("paper", "st", "kd"): NULL, ("paper", "st", "mkd"): NULL,
        ("six", "ce", "kd"): NULL, ("thirty", "ce", "kd"): NULL, ("thirty", "st", "kd"): NULL,
        ("thirty", "ls", "kd"): NULL, ("label_only", "ce", "kd"): NULL, ("label_only", "ce", "mkd"): NULL,
    }, decide=deciding(3, 4, 8, alpha=0.1))  # fmt: skip
    assert {(each.thief, each.defense): each.levels.distillable for each in questions(found)} == pytest.approx({
        ("paper", "ce"): 0.1 / (2 * 2 * 1), ("paper", "st"): 0.1 / (2 * 2 * 2),
        ("six", "ce"): 0.1 / 2 / (1 * 4 * 1), ("thirty", "ce"): 0.1 / 2 / (3 * 2), ("thirty", "st"): 0.1 / 2 / (3 * 2),
        ("thirty", "ls"): 0.1 / 2 / (3 * 2), ("label_only", "ce"): 0.1 / 2 / (1 * 2 * 2),
    })  # fmt: skip
    assert {(each.thief, each.defense): each.levels.undistillable for each in questions(found)} == pytest.approx({
        ("paper", "ce"): 0.1 / (2 * 2), ("paper", "st"): 0.1 / (2 * 2), ("six", "ce"): 0.1 / (4 * 3),
        ("thirty", "ce"): 0.1 / (3 * 2 * 3), ("thirty", "st"): 0.1 / (3 * 2 * 3), ("thirty", "ls"): 0.1 / (3 * 2 * 3),
        ("label_only", "ce"): 0.1 / (2 * 3),
    })  # fmt: skip


def test_the_papers_thief_alone_shares_with_nobody():
    (question,) = questions(run({("paper", "ce", "kd"): NULL}))
    assert (question.levels.distillable, question.levels.undistillable) == pytest.approx((0.025, 0.025))


def test_several_students_count_as_questions_of_their_own():
    found = run({("paper", "ce", "kd"): NULL, ("paper", "ce", "mkd"): NULL, ("paper", "ce", "kd", "slim"): NULL})
    assert {each.student: (each.levels.teachers, each.levels.attacks) for each in questions(found)} == {
        "thin": (3, 2), "slim": (3, 1), EVERY_STUDENT: (3, 3),
    }  # fmt: skip


def test_a_sequence_goes_on_as_long_as_fewer_labels_were_enough():
    """By defense, whether each thief leaks by its numbers: once one does not, no later one is shown to."""
    cells = {
        (thief, defense, "kd"): LEAK if leaks else NULL
        for defense, of_thieves in {"ce": (1, 1, 1), "st": (1, 0, 1), "ls": (0, 1, 1)}.items()
        for thief, leaks in zip(("six", "twelve", "thirty"), of_thieves, strict=True)
    }
    found = answers(run(cells, decide=deciding()))
    assert {defense: [found[thief, defense, "thin"] for thief in ("six", "twelve", "thirty")]
            for defense in ("ce", "st", "ls")} == {
        "ce": ["distillable"] * 3, "st": ["distillable", "undecided", "undecided"], "ls": ["undecided"] * 3,
    }  # fmt: skip


def test_a_sequence_leaves_out_who_does_not_ask_the_same():
    """SIX never robs ST, and TWELVE robs it with another network only; CE leaks to all of them."""
    leaks = run({
        ("six", "ce", "kd"): LEAK, ("twelve", "ce", "kd"): LEAK, ("twelve", "st", "kd", "slim"): NULL,
        ("thirty", "ce", "kd"): LEAK, ("thirty", "st", "kd"): LEAK, ("thirty", "st", "kd", "slim"): LEAK,
    }, decide=deciding())  # fmt: skip
    found = answers(leaks)
    assert found["twelve", "st", "slim"] == "no control"
    assert [found["thirty", "st", student] for student in ("thin", "slim")] == ["distillable", "no control"]


def test_other_sequences_do_not_wait():
    found = run({("six", "ce", "kd"): NULL, ("label_only", "ce", "kd"): LEAK, ("asks_own", "ce", "kd"): LEAK,
                 ("other", "ce", "kd"): LEAK, ("paper", "ce", "kd"): LEAK})  # fmt: skip
    assert {thief: answer for (thief, *_), answer in answers(found).items()} == {
        "paper": "distillable", "six": "undecided", "label_only": "distillable", "other": "distillable",
        "asks_own": "distillable",
    }  # fmt: skip


def test_nothing_is_undistillable_where_the_unprotected_teacher_is_not_shown_to_leak():
    """The unprotected teacher stands last in the plan, and is looked at first all the same."""
    cells = {("paper", "st", "kd"): LOSS, ("paper", "leaky", "kd"): LEAK, ("paper", "ce", "kd"): NULL}
    assert answers(run(cells)) == {
        ("paper", "st", "thin"): "no control", ("paper", "leaky", "thin"): "distillable",
        ("paper", "ce", "thin"): "undecided",
    }  # fmt: skip
    assert answers(run(cells | {("paper", "ce", "kd"): LEAK}))["paper", "st", "thin"] == "undistillable"
    without_ce = {key: right for key, right in cells.items() if key[1] != "ce"}
    assert answers(run(without_ce))["paper", "st", "thin"] == "no control"


def test_the_unprotected_teacher_itself_needs_no_control():
    assert answers(run({("paper", "ce", "kd"): LOSS})) == {("paper", "ce", "thin"): "undistillable"}


def test_a_teacher_whose_unprotected_counterpart_learned_shuffled_labels_has_no_control():
    """A sound defended teacher, 95 % right, of whom no attack learns; the unprotected one is right by chance."""
    cells = {("paper", "ce", "kd"): counts(0, 50, 47, 52, 49), ("paper", "cmim", "kd"): LOSS}
    teachers = {"ce": counts(0, 50, 48, 51, 52), "cmim": counts(0, 190, 191, 190, 189)}
    found = answers(run(cells, teachers=teachers))
    assert found == {("paper", "ce", "thin"): "nothing to steal", ("paper", "cmim", "thin"): "no control"}


def test_a_control_is_of_the_same_thief_student_and_network():
    """THIN leaks to the papers' thief from CE's wide network; nothing else is shown to leak."""
    cells = {
        ("paper", "ce", "kd"): LEAK, ("paper", "st", "kd"): LOSS,
        ("paper", "ce", "kd", "slim"): NULL, ("paper", "st", "kd", "slim"): LOSS,
        ("six", "ce", "kd"): NULL, ("six", "st", "kd"): LOSS,
    }  # fmt: skip
    found = run(cells)
    for seed in range(4):
        found.knockoff("kd", found.teacher("st", seed=seed, net="deep", test=190), test=60)
    given = {(each.thief, each.teacher, each.student): each.answer for each in questions(found)}
    assert {key: answer for key, answer in given.items() if key[1].startswith("st")} == {
        ("paper", "st-wide", "thin"): "undistillable", ("paper", "st-wide", "slim"): "no control",
        ("paper", "st-wide", EVERY_STUDENT): "undistillable",
        ("paper", "st-deep", "thin"): "no control", ("six", "st-wide", "thin"): "no control",
    }  # fmt: skip


def test_what_earlier_looks_decided_and_closed_stands_and_the_last_sees_everything():
    """KD leaks at four seeds and not over six; the other teacher's attacks close at different looks."""
    fading = counts(0, 130, 133, 131, 134, 60, 61)
    late = counts(0, 40, 108, 110, 60, 61, 60, 62, 63)
    cells = {
        ("paper", "ce", "kd"): fading, ("paper", "st", "kd"): counts(0, 60, 61, 60, 62, 112, 60),
        ("paper", "st", "mkd"): late,
    }  # fmt: skip
    found = run(cells, decide=deciding(6, 8, 16, margin=0.04))
    ce, st = questions(found)
    assert (ce.answer, ce.gains["kd"]["ls"].n) == ("distillable", 4)
    assert (st.answer, st.decision.closed) == ("undistillable", ("kd", "mkd"))
    assert {name: over["ls"].n for name, over in st.gains.items()} == {"kd": 6, "mkd": 8}
    once = questions(run(cells, decide=deciding()))
    assert once[0].answer != "distillable"


@pytest.mark.parametrize(("planned", "taken"), [
    (4, [EVERYTHING]), (5, [EVERYTHING]), (6, [0, EVERYTHING]), (8, [0, 6, EVERYTHING]), (31, [0, 6, EVERYTHING]),
])  # fmt: skip
def test_looks_are_those_that_a_cell_was_to_reach(planned, taken, monkeypatch):
    found = run({("paper", "ce", "kd"): LEAK, ("paper", "ce", "kd", "slim"): dict.fromkeys(range(planned), 99)},
                decide=deciding(4, 6, 8))  # fmt: skip
    seen = []
    monkeypatch.setattr("distillab.tables.question.Question.look", lambda _, look, **__: seen.append(look))
    asked = looks._questions([*looks.thefts_of(found)], looks.Levels())
    answer_at_all_looks(asked)
    assert seen == [look for look in taken for _ in asked]


def test_nobody_asked_nothing_looked_at():
    answer_at_all_looks([])


def test_a_look_has_the_gains_of_the_whole_thief():
    """The kernel's numbers at the last look, over all cells of the thief and student."""
    cells = {("paper", "ce", "kd"): NULL, ("paper", "st", "kd"): LOSS, ("six", "ce", "kd"): LEAK}
    expected = gains_of({("ce-wide", "kd"): NULL, ("st-wide", "kd"): LOSS}, ls=LS)
    found = {(each.thief, each.defense): each.gains["kd"]["ls"] for each in questions(run(cells))}
    for defense in ("ce", "st"):
        gain = expected[f"{defense}-wide", "kd"]["ls"]
        assert (found["paper", defense].value, found["paper", defense].error) == pytest.approx((gain.value, gain.error))
    assert found["six", "ce"].value == pytest.approx(132 / TEST - 0.5)


def test_a_question_of_which_nothing_is_there_is_left_out():
    found = run({("paper", "ce", "kd"): LEAK, ("paper", "st", "kd"): LOSS})
    gone = without(found, *(f"st-wide--kd-thin-s{seed}" for seed in range(4)))
    assert [each.defense for each in questions(gone)] == ["ce"]
