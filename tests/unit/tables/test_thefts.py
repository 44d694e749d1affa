"""One thief and one student network: the gains of its cells, by the kernel on listed numbers, look by look."""

import pytest
from made_run import deciding, means
from theft_run import counts, gains_of, same_gain, theft_run, without

from distillab.tables import thefts
from distillab.tables.thefts import EVERYTHING, Theft
from distillab.tables.tuning import KnockoffCell

LOOKS = (4, 6, 8)
HEADLINE = {"thieves": ["poor"], "defenses": ["ce"], "attacks": ["kd"], "seeds": [3, 4]}
THIEVES = {
    "paper": means("all", queries="labeled", seeds=range(2)),
    "poor": means(12, seeds=range(3), control_seeds=range(5)),
    "labels_6": means(6, queries="none", seeds=range(3)),
}
KD, MKD, ST = (
    counts(0, 150, 153, 149, 155, 151, 148, 157),
    counts(0, 130, 131, 135, 128, 127, 133, 126, 139),
    counts(0, 120, 118, 123),
)
LS, PSEUDO = counts(0, 100, 103, 99, 104, 98, 107, 96, 111), counts(0, 105, 104, 109, 102, 108, 101, 110, 99)
CE, MK, SKD = (
    KnockoffCell("ce-wide", "thin", "kd"),
    KnockoffCell("ce-wide", "thin", "mkd"),
    KnockoffCell("st-wide", "thin", "kd"),
)


def run(**facts):
    """KD at seven seeds of which two are the headline's, MKD at eight, ST's teacher never looked at again."""
    cells = {("poor", "ce", "kd"): KD, ("poor", "ce", "mkd"): MKD, ("poor", "st", "kd"): ST,
             ("paper", "ce", "kd"): counts(0, 180, 184)}  # fmt: skip
    controls = {
        ("poor", "ls_student"): LS,
        ("poor", "pseudo_student"): PSEUDO,
        ("paper", "ls_student"): counts(0, 170, 171),
        ("labels_6", "ls_student"): counts(0, 80, 82, 84),
    }
    teachers = {"ce": counts(0, 191, 192, 193), "st": counts(0, 181, 182, 183)}
    facts = {"thieves": THIEVES, "decide": deciding(*LOOKS, headline=HEADLINE)} | facts
    return theft_run(cells, controls, teachers=teachers, **facts)


@pytest.fixture
def results():
    return run()


@pytest.fixture
def poor(results):
    return Theft(results, "poor", "thin")


def first(right, *seeds):
    return {seed: right[seed] for seed in seeds if seed in right}


@pytest.mark.parametrize(("look", "kd", "mkd", "controls"), [
    (0, range(5), range(3), range(5)),
    (4, range(5), range(4), range(5)),
    (6, range(6), range(6), range(6)),
    (8, range(7), range(8), range(8)),
    (EVERYTHING, range(7), range(8), range(8)),
])  # fmt: skip
def test_a_look_sees_the_runs_and_controls_that_were_there(poor, look, kd, mkd, controls):
    expected = gains_of(
        {("ce-wide", "kd"): first(KD, *kd), ("ce-wide", "mkd"): first(MKD, *mkd), ("st-wide", "kd"): ST},
        ls=first(LS, *controls), pseudo=first(PSEUDO, *controls),
    )  # fmt: skip
    found = poor.gains(look)
    assert found.cells.keys() == expected.keys()
    for key, over in expected.items():
        same_gain(found.cells[key], over)
        same_gain(poor.gain(KnockoffCell(key.teacher, "thin", key.attack), look), over)


def test_everything_is_looked_at_if_nothing_is_said(poor):
    same_gain(poor.gain(CE), poor.gain(CE, EVERYTHING))
    assert poor.gains() is poor.gains(EVERYTHING)
    assert poor.gains(4) is poor.gains(4)


@pytest.mark.parametrize("without_one", [
    {"thieves": ["paper"]}, {"defenses": ["st"]}, {"attacks": ["mkd"]},
])  # fmt: skip
def test_the_headlines_seeds_are_of_its_thieves_defenses_and_attacks(without_one):
    decide = deciding(*LOOKS, headline=HEADLINE | without_one)
    theft = Theft(run(decide=decide), "poor", "thin")
    assert theft.gain(CE, 0)["ls"].n == 3
    assert theft.gain(MK, 0)["ls"].n == (5 if "attacks" in without_one else 3)
    assert theft.gain(SKD, 0)["ls"].n == 3


def test_looks_count_seeds_in_the_order_of_the_plan():
    """Seeds 6, 2, 9, 5 in this order; the first look has 6 and 2."""
    order = {6: 150, 2: 140, 9: 160, 5: 155}
    ls = dict.fromkeys((*order, 11), 100) | {2: 104, 5: 98}
    decide, thieves = deciding(3, 4), {"paper": means("all", queries="labeled", seeds=(6, 2))}
    found = theft_run({("paper", "ce", "kd"): order}, {("paper", "ls_student"): ls}, decide=decide, thieves=thieves)
    theft = Theft(found, "paper", "thin")
    for look, seeds in ((0, (6, 2)), (3, (6, 2, 9)), (4, (6, 2, 9, 5))):
        expected = gains_of({("ce-wide", "kd"): first(order, *seeds)}, ls=first(ls, *seeds))
        same_gain(theft.gain(CE, look), expected["ce-wide", "kd"])
    whole = gains_of({("ce-wide", "kd"): order}, ls=ls)
    same_gain(theft.gain(CE), whole["ce-wide", "kd"])


def test_seeds_of_a_tuned_cell_count_once_whatever_its_trials():
    """Two candidates of four seeds are no eight seeds."""
    cells = {("paper", "ce", "kd"): counts(0, 150, 151, 152, 153),
             ("paper", "ce", "kd_trial0"): counts(0, 160, 161, 162, 165)}  # fmt: skip
    ls = {("paper", "ls_student"): counts(0, 140, 141, 142, 143)}
    thieves, decide = {"paper": means("all", queries="labeled", seeds=(0, 1))}, deciding(3, 8)
    theft = Theft(theft_run(cells, ls, thieves=thieves, decide=decide), "paper", "thin")
    assert theft.most_seeds == 4
    tuned = CE._replace(tuned=True)
    assert [theft.gain(tuned, look)["ls"].n for look in (0, 3, 8)] == [2, 3, 4]
    assert [cell.name for cell in theft.attacks("ce-wide")] == ["kd", "kd_tuned"]


def test_the_thief_with_most_seeds_tells_which_looks_there_were(results, poor):
    assert (poor.most_seeds, Theft(results, "paper", "thin").most_seeds) == (8, 2)
    assert Theft(results, "poor", "slim").most_seeds == 0


@pytest.mark.parametrize("gone", [
    [f"pseudo0.1-thin--poor-s{seed}" for seed in range(8)],
    [f"{role}-thin--poor-s{seed}" for seed in range(8) for role in ("ls0.1", "pseudo0.1")],
    [f"{cell}-thin--poor-s{seed}" for seed in range(8) for cell in ("ce-wide--kd", "ce-wide--mkd", "st-wide--kd")],
], ids=["a control", "all controls", "all cells"])  # fmt: skip
def test_without_a_control_or_any_cell_there_are_no_gains(results, gone):
    theft = Theft(without(results, *gone), "poor", "thin")
    assert theft.gains() is None
    assert theft.gain(CE) == {}


def test_a_cell_that_is_not_there_has_no_gain_and_others_have(results):
    theft = Theft(without(results, *(f"st-wide--kd-thin--poor-s{seed}" for seed in range(3))), "poor", "thin")
    assert theft.gain(SKD) == {}
    assert theft.gain(CE)["pseudo"].n == 7


def test_a_control_that_another_network_was_to_have_is_not_missed_here():
    cells = {("poor", "ce", "kd"): counts(0, 150, 151, 152), ("poor", "ce", "kd", "slim"): counts(0, 140, 141, 142)}
    controls = {("poor", "ls_student"): counts(0, 100, 101, 102), ("poor", "ls_student", "slim"): counts(0, 90, 91, 92),
                ("poor", "pseudo_student", "slim"): counts(0, 95, 96, 97)}  # fmt: skip
    found = theft_run(cells, controls, thieves={"poor": THIEVES["poor"]})
    assert [Theft(found, "poor", net).planned_controls for net in ("thin", "slim")] == [{"ls"}, {"ls", "pseudo"}]
    assert {*Theft(found, "poor", "thin").gain(CE)} == {"ls"}


def test_controls_are_named_for_short_and_are_those_of_the_network(results, poor):
    assert poor.controls == {
        "ls": {seed: right / 200 for seed, right in LS.items()},
        "pseudo": {seed: right / 200 for seed, right in PSEUDO.items()},
    }
    assert Theft(results, "paper", "thin").controls == {"ls": {0: 0.85, 1: 0.855}}
    assert Theft(results, "poor", "slim").controls == {}


def test_teachers_are_those_that_the_thief_robs(results, poor):
    assert poor.robbed == {"ce-wide": "ce", "st-wide": "st"}
    assert {name: {seed: runs[seed] for seed in (0, 1, 2)} for name, runs in poor.teachers.items()} == {
        "ce-wide": {0: 0.955, 1: 0.96, 2: 0.965}, "st-wide": {0: 0.905, 1: 0.91, 2: 0.915},
    }  # fmt: skip
    assert (poor.teachers["ce-wide"].keys(), poor.teachers["st-wide"].keys()) == ({*range(8)}, {*range(3)})
    assert poor.networks == {"ce-wide": "wide", "st-wide": "wide"}
    assert Theft(results, "paper", "thin").teachers.keys() == {"ce-wide"}
    results.knockoff("kd", results.run_of("st-wide-s1"), net="slim", thief="poor")
    assert Theft(results, "poor", "slim").robbed == {"st-wide": "st"}
    gone = without(results, "st-wide-s0", "st-wide-s1", "st-wide-s2")
    assert Theft(gone, "poor", "thin").teachers["st-wide"] == {}


def test_thefts_are_by_thief_and_student_in_the_order_of_the_parameters(results):
    results.knockoff("kd", results.teacher("ce", seed=0), net="slim", thief="poor")
    assert [(theft.thief, theft.student) for theft in thefts.thefts_of(results)] == [
        ("paper", "thin"), ("poor", "thin"), ("poor", "slim"),
    ]  # fmt: skip
    assert [*thefts.thieves_of(results)] == ["paper", "poor", "labels_6"]


def test_labels_of_all_are_those_of_validation_images_too(results):
    assert [thefts.label_count(results, thief) for thief in THIEVES] == [40 + 10, 12, 6]


def test_further_looks_are_at_more_seeds_than_the_first(results):
    assert [thefts.further_looks(results, thief) for thief in ("paper", "poor")] == [[4, 6, 8], [4, 6, 8]]
    results.workspace.plan.facts["thieves"]["poor"] = means(12, seeds=range(4))
    assert thefts.further_looks(results, "poor") == [6, 8]
    assert thefts.first_seeds(results, "poor") == [0, 1, 2, 3]


def test_the_unprotected_defense_is_told_by_its_kind(results):
    assert [thefts.is_unprotected(results, defense) for defense in ("ce", "st")] == [True, False]
