"""The cells of each thief, the controls that have its labels, and what of them is not there."""

import pytest
from theft_run import counts, theft_run, without

from distillab.tables import cells
from distillab.tables.tuning import KnockoffCell

CELLS = {
    ("paper", "ce", "kd"): counts(0, 160, 162), ("paper", "ce", "kd_trial0"): counts(0, 163, 165),
    ("poor", "ce", "kd"): counts(0, 140, 141, 142), ("poor", "st", "kd"): counts(1, 120, 121),
    ("poor", "st", "extra", "slim"): counts(1, 110, 111),
}  # fmt: skip
CONTROLS = {
    ("paper", "ls_student"): counts(0, 150, 152), ("poor", "ls_student"): counts(0, 100, 101, 102),
    ("poor", "pseudo_student"): counts(0, 104, 106, 108), ("poor", "ls_student", "slim"): counts(1, 90, 92),
}  # fmt: skip


@pytest.fixture
def results():
    return theft_run(CELLS, CONTROLS)


def cell(defense, attack="kd", net="thin", *, tuned=False):
    return KnockoffCell(f"{defense}-wide", net, attack, tuned)


def test_a_thiefs_cells_are_its_own(results):
    found = cells.runs_by_cell(results, "poor")
    assert {key: [run.member.id for run in runs] for key, runs in found.items()} == {
        cell("ce"): [f"ce-wide--kd-thin--poor-s{seed}" for seed in (0, 1, 2)],
        cell("st"): [f"st-wide--kd-thin--poor-s{seed}" for seed in (1, 2)],
        cell("st", "extra", "slim"): [f"st-wide--extra-slim--poor-s{seed}" for seed in (1, 2)],
    }
    assert {key: [run.seed for run in runs] for key, runs in cells.runs_by_cell(results).items()} == {
        cell("ce"): [0, 1], cell("ce", tuned=True): [0, 1],
    }  # fmt: skip


def test_planned_cells_hold_what_is_not_there_and_every_trial(results):
    found = without(results, "ce-wide--kd_trial0-thin-s1", "ce-wide--kd-thin--poor-s2")
    assert [run.method for run in cells.planned_cells(found)[cell("ce", tuned=True)]] == [
        "kd", "kd", "kd_trial0", "kd_trial0",
    ]  # fmt: skip
    assert [run.seed for run in cells.planned_cells(found, "poor")[cell("ce")]] == [0, 1, 2]
    assert [run.seed for run in cells.runs_by_cell(found, "poor")[cell("ce")]] == [0, 1]


def test_controls_have_the_labels_of_their_thief_and_the_smoothing_that_was_chosen(results):
    """Another smoothing is better on test images, and on validation images of another thief or network."""
    for thief, net, val in (("poor", "thin", 2), ("paper", "thin", 9), ("poor", "slim", 9)):
        for seed in (1, 2):
            results.ls_student(0.3, seed=seed, thief=thief, net=net, val=val, test=199)
    results.ls_student(0.3, seed=1, thief="poor", role="pseudo_student", test=198)
    assert cells.control_accuracy(results, "poor") == {
        "thin": {0: 0.5, 1: 0.505, 2: 0.51}, "slim": {1: 0.995, 2: 0.995},
    }  # fmt: skip
    assert cells.control_accuracy(results, "poor", "pseudo_student") == {"thin": {0: 0.52, 1: 0.53, 2: 0.54}}
    assert cells.control_accuracy(results) == {"thin": {1: 0.995, 2: 0.995}}


def test_accuracies_are_by_seed(results):
    assert cells.accuracies(results, cells.runs_by_cell(results, "poor")[cell("st")]) == {1: 0.6, 2: 0.605}


@pytest.mark.parametrize(("gone", "count"), [
    ((), 0),
    (("ce-wide--kd-thin--poor-s1",), 1),
    (("ls0.1-thin--poor-s0", "pseudo0.1-thin--poor-s2"), 2),
    (("ce-wide--kd-thin-s1", "ls0.1-thin-s0", "ls0.1-slim--poor-s1", "st-wide--kd-thin--poor-s1"), 0),
])  # fmt: skip
def test_what_is_missing_of_a_cell_is_its_own_runs_and_controls(results, gone, count):
    planned = cells.planned_cells(results, "poor")
    assert cells.missing(without(results, *gone), {cell("ce"): planned[cell("ce")]}) == count


def test_controls_of_several_cells_count_once(results):
    planned = cells.planned_cells(results, "poor")
    assert cells.missing(without(results, "ls0.1-thin--poor-s0"), planned) == 1
    assert cells.missing(without(results, "ls0.1-slim--poor-s1", "ce-wide--kd-thin--poor-s0"), planned) == 2


def test_a_tuned_attack_is_named_so_and_is_not_the_papers(results):
    assert cells.attack_facts(results, cell("ce")) == {"label": "KD", "grade": "of kd", "in_paper": True}
    assert cells.attack_facts(results, cell("st", "extra"))["in_paper"] is False
    assert cells.attack_facts(results, cell("ce", tuned=True)) == {
        "label": "KD tuned", "grade": "of kd", "in_paper": False,
    }  # fmt: skip
