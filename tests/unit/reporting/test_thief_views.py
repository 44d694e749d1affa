"""Verdicts by teacher and thief, and what each thief has and takes: every number from its own row."""

from types import SimpleNamespace

import pytest
from pages import row_of, rows_of, words

from distillab.reporting import thief_views, verdict_notes
from distillab.reporting.cells import html_of, verdict
from distillab.reporting.selection import only, robbed_by
from distillab.reporting.thief_rows import asking_thieves, hardest_first, price_phrase, seconds_a_knockoff

VERDICTS = ("distillable", "nothing to steal", "no control", "undistillable", "undecided")


def rows(teacher, knockoff, verdict, controls):
    """CE and CMIM robbed by two thieves, of whom each cell has numbers of its own."""
    poor = {"thief": "poor"}
    leak = {"best_attack": "mkd", "best_delta": 0.071, "lower": 0.041, "upper": 0.117, "seeds": 4}
    held = {"best_delta": -0.012, "lower": -0.04, "upper": -0.001, "seeds": 8, "attacks": 3}
    full = {"best_delta": 0.001, "lower": -0.018, "upper": 0.013, "reason": "no <room>"}
    open_ = {"best_delta": -0.002, "lower": -0.023, "upper": 0.014, "price_seeds": 16.0, "price_runs": 30.0}
    mkd = {"knockoff_accuracy": 0.982, "knockoff_low": 0.978, "knockoff_high": 0.986, "queries": 1377}
    kd = {"knockoff_accuracy": 0.981, "knockoff_low": 0.976, "knockoff_high": 0.985, "queries": 2754}
    return {
        "models": [teacher("ce", test_accuracy=0.972), teacher("cmim", test_accuracy=0.967)],
        "knockoff": [
            knockoff("ce", "kd", knockoff_accuracy=0.95, queries=1, **poor),
            knockoff("ce", "mkd", seeds=4, control_seeds=12, **mkd, **poor),
            knockoff("cmim", "kd", **poor),
            knockoff("ce", "kd", control_seeds=10, **kd),
            knockoff("cmim", "kd"),
        ],
        "verdicts": [
            verdict("ce", "distillable", **leak, **poor),
            verdict("cmim", "undistillable", **held, **poor),
            verdict("ce", "nothing to steal", **full),
            verdict("cmim", "undecided", **open_),
        ],
        "labels": [
            controls("poor", 60, 0.89),
            controls("poor", 60, 0.911, "pseudo_student"),
            controls("paper", 500, 0.982),
        ],
    }


@pytest.fixture
def read(tables_of, teacher, knockoff, verdict, controls):
    return tables_of(**rows(teacher, knockoff, verdict, controls))


def test_each_cell_holds_the_verdict_of_its_teacher_and_thief(read):
    shown = thief_views.verdict_matrix(read).text
    ce, cmim = row_of(shown, "ce"), row_of(shown, "cmim")
    assert (
        "positive control ○ distillable +7.10 [+4.10, +11.7] MKD, 4 seeds ◇ nothing to steal +0.10 [−1.80, +1.30] KD"
        in ce
    )
    assert "● undistillable by 3 attacks −1.20 [−4.00, −0.10] KD, 8 seeds ◐ undecided −0.20 [−2.30, +1.40] KD" in cmim
    assert ce.endswith("97.2")
    assert cmim.endswith("96.7")


def test_the_price_of_what_is_undecided_stands_beside_it_alone(read):
    shown = thief_views.verdict_matrix(read).text
    assert words(shown).count("16 seeds, 30 knockoffs, 1.0 min") == 1
    assert "16 seeds" in row_of(shown, "cmim")
    assert verdict_notes.PRICE in shown


def test_the_hardest_teacher_stands_first_by_its_largest_gain(read):
    assert [row.split()[0] for row in rows_of(thief_views.verdict_matrix(read).text)[-2:]] == ["cmim", "ce"]
    assert list(hardest_first(read)["row"]) == ["cmim", "cmim", "ce", "ce"]


def test_hardest_is_whom_the_most_successful_thief_gains_least_from(tables_of, teacher, verdict):
    gains = {("ls", "paper"): -0.03, ("ls", "poor"): 0.05, ("st", "paper"): 0.01, ("st", "poor"): 0.02}
    rows = [verdict(key, "undecided", thief=thief, best_delta=gain) for (key, thief), gain in gains.items()]
    read = tables_of(models=[teacher("ls"), teacher("st")], verdicts=rows)
    assert list(hardest_first(read)["row"]) == ["st", "st", "ls", "ls"]


def test_thieves_stand_from_the_fewest_labels_up_with_their_means_and_seeds(read):
    assert asking_thieves(read) == ["poor", "paper"]
    head = words(thief_views.verdict_matrix(read).text)
    assert "poor 60 labels answers to all 400 training images every probability 4 to 8 seeds" in head
    assert "the papers' thief all 500 labels answers to the same images every probability 3 seeds" in head


def test_the_reason_is_there_on_pointing_and_escaped(read):
    assert 'title="no &lt;room&gt;"' in thief_views.verdict_matrix(read).text


def test_a_thief_who_does_not_rob_a_teacher_has_a_dash_with_its_reason(tables_of, teacher, knockoff, verdict, controls):
    made = rows(teacher, knockoff, verdict, controls)
    made["verdicts"] = made["verdicts"][:1] + made["verdicts"][2:]
    gone = {"id": "x", "stage": "knockoff", "thief": "poor", "teacher": "cmim-net", "arch": "small", "reason": "killed"}
    alone, failed = tables_of(**made), tables_of({"missing": [gone]}, **made)
    assert 'title="this thief does not rob this teacher"' in thief_views.verdict_matrix(alone).text
    assert 'title="killed"' in thief_views.verdict_matrix(failed).text


def test_the_positive_control_is_named_with_whom_it_leaks_to(tables_of, read, verdict):
    assert verdict_notes.control_note(read) == "Positive control: ce leaks to poor, not shown for the papers' thief."
    none = tables_of(verdicts=[verdict("cmim", "no control")])
    assert "none, as no unprotected teacher was attacked" in verdict_notes.control_note(none)
    held = tables_of(verdicts=[verdict("ce", "undecided"), verdict("cmim", "no control")])
    assert verdict_notes.control_note(held) == "Positive control: ce is not shown to leak to the papers' thief."


def test_the_levels_count_verdicts_looks_attacks_and_thieves(tables_of, read, verdict):
    assert verdict_notes.levels_note(read) == (
        "The error rate of 5 % is shared by verdicts, looks and attacks (poor: 2 verdicts, 2 looks, up to 3 attacks; "
        "the papers' thief: 2 verdicts, 2 looks, 2 attacks)."
    )
    three = tables_of(
        {"decide": {"alpha": 0.1, "looks": [3], "margin": 0.01}},
        verdicts=[verdict("ce", "undecided", thief=thief, attacks=1) for thief in ("told", "poor", "paper")],
    )
    assert verdict_notes.levels_note(three) == (
        "The error rate of 10 % is shared by verdicts, looks and attacks, and by the 2 thieves beside the papers' "
        "(told, poor and the papers' thief: 1 verdict, 1 look, 1 attack)."
    )


def test_the_levels_are_those_of_the_run_whichever_teachers_and_thieves_a_page_shows(read):
    counted = verdict_notes.sharing_phrase(read, "poor")
    assert verdict_notes.sharing_phrase(only(robbed_by(read, "poor"), "unprotected"), "poor") == counted
    assert "thieves beside" not in verdict_notes.levels_note(robbed_by(read, "paper"))


def test_a_planned_verdict_of_which_nothing_is_there_counts(tables_of, verdict):
    gone = {"stage": "knockoff", "thief": "paper", "teacher": "nt-net", "arch": "small"}
    read = tables_of(
        {"missing": [gone, gone, gone | {"thief": "poor", "teacher": "st-net"}]}, verdicts=[verdict("ce", "undecided")]
    )
    assert verdict_notes.sharing_phrase(read, "paper").startswith("2 verdicts,")


def test_the_margin_is_the_runs(tables_of, verdict):
    for margin, said in ((0.01, "1 point"), (1 / 360, "0.278 points"), (0.025, "2.5 points")):
        assert verdict_notes.margin_phrase(tables_of({"margin": margin})) == said
        assert f"below the margin of {said}," in verdict_notes.rule_note(tables_of({"margin": margin}))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"price_seeds": 8.0, "price_runs": 1.0}, "8 seeds, 1 knockoff, 2.0 s"),
        ({"price_seeds": 64.0, "price_runs": 3600.0}, "64 seeds, 3,600 knockoffs, 2.0 h"),
        ({"lower": -0.01}, "more than 1,024 seeds"),
        ({"lower": None}, "more than 1,024 seeds"),
        ({"lower": 0.01}, "price not known"),
        ({"seeds": 2}, "price not known"),
        ({"missing": 1}, "price not known"),
    ],
)
def test_a_price_is_seeds_knockoffs_and_time(tables_of, verdict, given, said):
    assert price_phrase(tables_of(), SimpleNamespace(**verdict("ce", "undecided", **given))) == said
    assert price_phrase(tables_of(), SimpleNamespace(**verdict("ce", "no control", **given))) == ""


def test_a_price_beyond_what_a_defense_may_spend_says_so(tables_of, verdict):
    held = tables_of({"params": {"defenses": {"ce": {"name": "ce", "seeds": None}, "st": {"name": "st", "seeds": 2}}}})
    prices = {key: price_phrase(held, SimpleNamespace(**verdict(key, "undecided", price_seeds=8.0, price_runs=9.0)))
              for key in ("ce", "st")}  # fmt: skip
    assert prices == {
        "ce": "8 seeds, 9 knockoffs, 18.0 s",
        "st": "8 seeds where its defense has 2 at most, 9 knockoffs, 18.0 s",
    }


def test_the_time_of_a_knockoff_is_a_mean_over_those_that_were_trained(tables_of):
    assert seconds_a_knockoff(tables_of()) == 2.0
    assert seconds_a_knockoff(tables_of({"environments": []})) is None
    assert seconds_a_knockoff(tables_of({"stage_seconds": {}})) is None


def test_each_thief_has_its_means_its_controls_and_what_it_takes(read):
    shown = thief_views.thieves_table(read).text
    poor, paper = row_of(shown, "poor"), row_of(shown, "the papers' thief")
    uncurved = "– (one number of labels is no curve to read)"
    assert poor == (
        "poor +7.10 [+4.10, +11.7] 98.2 [97.8, 98.6] "
        f"ce, MKD 1,377 {uncurved} {uncurved} 89.0 [88.0, 90.0] 91.1 [90.1, 92.1] 4 controls 12"
    )
    assert "+0.10 [−1.80, +1.30] 98.1 [97.6, 98.5] ce, KD 2,754" in paper
    assert "98.2 [97.2, 99.2]" in paper
    assert paper.endswith("– (this thief holds no unlabeled image) 3 controls 10")


def test_every_verdict_has_its_own_shape_and_word():
    shown = [html_of(verdict(answer), str) for answer in VERDICTS]
    assert len({words(each).split()[0] for each in shown}) == len(VERDICTS)
    assert all(answer in words(each) for answer, each in zip(VERDICTS, shown, strict=True))
    assert 'class="chip nothing-to-steal"' in shown[1]
