"""What is said of a round: a line per teacher, the reasons, the prices and their sum."""

import pytest

from distillab.params.asked import AskedCell, with_asked
from distillab.plan.answers import HOURS, asking_text, cost, ending_text
from distillab.plan.asking import open_teachers
from distillab.plan.effort import Effort

CE, MKD, LS = (AskedCell("paper", *cell) for cell in (("ce", "kd"), ("ce", "mkd"), ("ls", "kd")))


class Told:
    """A round whose efforts are given: a minute a training."""

    def __init__(self, params, verdicts, missing=()):
        self.params, self.verdicts = params, verdicts
        cells = [CE, MKD, LS]
        rows = [cell._asdict() | {"open": True, "missing": int(cell in missing)} for cell in cells]
        self.teachers = open_teachers(params, rows, verdicts)
        self.looks = {cell: look for teacher in self.teachers for cell, look in teacher.looks.items()}

    def effort_of(self, cells):
        return Effort(len([*cells]), 60.0 * len([*cells]))

    def is_open(self, row):
        return row["verdict"] in {"undecided", "no control"}

    def price_of(self, row):
        price = row["price_runs"]
        return None if price is None else Effort(price, 60.0 * price)


def verdict(defense, verdict, reason, *, price=None, student="cnn_digits", seeds=4):
    return {
        "thief": "paper", "defense": defense, "defense_label": defense.upper(), "teacher": f"{defense}-cnn_digits",
        "student": student, "verdict": verdict, "reason": reason, "seeds": seeds, "price_runs": price,
        "price_seeds": price and 2 * price,
    }  # fmt: skip


@pytest.fixture
def params(params_of):
    """Four seeds, and looks at eight and sixteen."""
    return params_of({"seeds": [0, 1, 2, 3], "decide": {"looks": [8, 16]}})


def test_what_is_asked_for_is_a_line_per_teacher_and_look(params):
    told = Told(with_asked(params, {MKD: 8}), [verdict("ls", "undecided", "", price=1)])
    assert asking_text(told, told.looks).splitlines() == [
        "  ls by paper: kd: 4 -> 8 seeds",
        "  ce by paper: kd: 4 -> 8 seeds",
        "  ce by paper: mkd: 8 -> 16 seeds",
        f"in all: 3 trainings of knockoffs, 3.0 min; {HOURS}",
    ]
    assert asking_text(told, {LS: 8}).splitlines()[:-1] == ["  ls by paper: kd: 4 -> 8 seeds"]


def test_the_end_tells_what_is_decided_what_is_not_and_the_price_of_the_rest(params):
    told = Told(
        with_asked(params, {CE: 16, MKD: 16, LS: 16}),
        [
            verdict("ce", "undecided", "kd may gain", price=10),
            verdict("ls", "no control", "nothing leaks", price=4),
            verdict("st", "undistillable", "none gains"),
            verdict("cmim", "nothing to steal", "too low", seeds=1),
        ],
    )
    assert ending_text(told, Effort(2, 90.0)).splitlines() == [
        "decided: 1 of 4",
        "  ST by paper: undistillable with 4 seeds: none gains",
        "not decided: 3",
        "  CE by paper: undecided with 4 seeds: kd may gain; probably decided with 20 seeds: 10 trainings of "
        "knockoffs, 10.0 min",
        "  LS by paper: no control with 4 seeds: nothing leaks; its own cells probably decided with 8 seeds: 4 "
        "trainings of knockoffs, 4.0 min",
        "  CMIM by paper: nothing to steal with 1 seed: too low",
        "asked for in this call: 2 trainings of knockoffs, 1.5 min; other pages show them after `snakemake`",
        f"the rest, as far as its price is known: about 14 trainings of knockoffs, 14.0 min; {HOURS}",
        "3 open cells without more seeds: they had their last look; decide.looks ends at 16",
    ]


@pytest.mark.parametrize(("one", "every"), [(3, 7), (7, 3)])
def test_of_several_students_the_dearest_verdict_is_the_price_of_a_teacher(params_of, one, every):
    networks = [{"teacher": "cnn_digits", "student": name} for name in ("cnn_digits", "papernot_digits")]
    told = Told(
        params_of({"pairs": networks, "decide": {"looks": [8]}}),
        [
            verdict("ce", "undecided", "open", price=one),
            verdict("ce", "undecided", "open", price=every, student="every"),
        ],
    )
    lines = ending_text(told, Effort()).splitlines()
    assert lines[0] == "decided: 0 of 2"
    assert lines[3].startswith("  ce-cnn_digits by paper, every: undecided")
    assert lines[5].startswith("the rest, as far as its price is known: about 7 trainings of knockoffs, 7.0 min; ")


def test_cells_beyond_the_budget_and_those_without_networks_are_told_apart(params):
    told = Told(params, [verdict("ce", "undecided", "open")], missing=[LS])
    assert ending_text(told, Effort()).splitlines()[-4:] == [
        "  CE by paper: undecided with 4 seeds: open; what would decide it is unknown",
        "asked for in this call: nothing",
        "1 open cell without more seeds: networks are missing, and more of them would be, too",
        "2 open cells without more seeds: the next look is beyond what this call may spend",
    ]


def test_where_all_is_decided_nothing_is_left(params):
    told = Told(params, [verdict("ce", "distillable", "kd gains")])
    told.teachers, told.looks = [], {}
    assert ending_text(told, Effort()).splitlines() == [
        "decided: 1 of 1",
        "  CE by paper: distillable with 4 seeds: kd gains",
        "asked for in this call: nothing",
    ]


@pytest.mark.parametrize(
    ("effort", "text"),
    [
        (Effort(1, 2.0), "1 training of knockoffs, 2 s"),
        (Effort(1200, 7200.0), "1,200 trainings of knockoffs, 2.0 h"),
        (Effort(2, None), "2 trainings of knockoffs, unknown hours"),
        (Effort(), "nothing"),
    ],
)
def test_a_cost_is_trainings_and_hours(effort, text):
    assert cost(effort) == text
