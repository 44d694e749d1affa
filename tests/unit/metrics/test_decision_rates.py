"""How often whole pages of decisions are wrong, with the looks, closings and spreads of real ones."""

from math import sqrt
from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import t

from distillab.metrics.decisions import Evidence, decide
from distillab.metrics.gains import CellKey, gains_over_controls
from distillab.metrics.levels import Levels

N_TEST, MARGIN, CONTROLS = 360, 0.01, 3
"""Test images, the margin of one point, and controls per seed of a cell."""


class Page:
    """One page of null or marginal teachers: accuracies on the grid of images, and seeds that come look by look."""

    def __init__(self, rng, teachers, gains, *, seeds, common, slope):
        attacks = gains.shape[-1]
        self.keys = [CellKey(f"t{t}", f"a{a}") for t in range(teachers) for a in range(attacks)]
        spreads = 3 * np.exp(rng.normal(0, 0.6, attacks) + rng.normal(0, 0.3, (teachers, attacks))).reshape(-1, 1)
        shape, base = (len(self.keys), seeds), rng.uniform(199.5, 200.5)
        noise = sqrt(common) * rng.normal(size=seeds) + sqrt(1 - common) * rng.normal(size=shape)
        control = 3 * rng.normal(size=CONTROLS * seeds)
        runs = base + N_TEST * np.tile(gains, teachers).reshape(-1, 1) + slope * control[:seeds] + spreads * noise
        self.runs, self.control = (np.round(part).clip(0, N_TEST) / N_TEST for part in (runs, base + control))

    def decide(self, looks, levels):
        """Each teacher's answer after the looks; closed cells and decided teachers get no more seeds."""
        closed = dict.fromkeys(range(len(self.keys)), False)
        seen = dict.fromkeys(range(len(self.keys)), 0)
        answers = {}
        for n in looks:
            for cell, key in enumerate(self.keys):
                if not closed[cell] and key.teacher not in answers:
                    seen[cell] = n
            cells = {key: dict(enumerate(self.runs[i, : seen[i]].tolist())) for i, key in enumerate(self.keys)}
            control = dict(enumerate(self.control[: CONTROLS * n].tolist()))
            found = gains_over_controls(cells, {"ls": control}, n_test=N_TEST)
            for teacher in {key.teacher for key in self.keys} - answers.keys():
                gains = found.of_teacher(teacher)
                shut = [key.attack for i, key in enumerate(self.keys) if key.teacher == teacher and closed[i]]
                decision = decide(Evidence(gains, closed=shut), levels=levels, margin=MARGIN, n_test=N_TEST)
                for i, key in enumerate(self.keys):
                    closed[i] |= key.teacher == teacher and key.attack in decision.closed
                if decision.decided:
                    answers[teacher] = decision.answer
        return answers


class Design(NamedTuple):
    """What a page looks like, and how many are drawn."""

    teachers: int
    attacks: int
    looks: tuple[int, ...]
    common: float
    """Part of the noise that all cells of a seed share."""
    slope: float
    """Of a knockoff on the control of its seed."""
    pages: int


DESIGNS = [
    Design(14, 9, (4, 8), 0.3, 0.0, 120),
    Design(3, 11, (4, 8, 16, 32), 0.5, 0.0, 150),
    Design(2, 7, (3,), 0.9, 0.0, 800),
    Design(2, 7, (4, 8, 16, 32), 0.0, 1.0, 250),
    Design(1, 9, (4, 8), 0.0, 0.0, 800),
    Design(4, 8, (2, 4), 0.0, 0.6, 120),
]
MARGINAL = "one attack at the margin, the others far below"


@pytest.mark.parametrize("design", DESIGNS, ids=str)
@pytest.mark.parametrize("truth", ["nothing is gained", MARGINAL])
def test_pages_are_rarely_wrong(design, truth):
    """At most 5 % of pages say something false of any teacher; a teacher has its part of it, where cells differ.

    The tolerance is three binomial errors of what is drawn, and a tenth of the level for Welch's approximation.
    """
    gains = np.zeros(design.attacks)
    if truth == MARGINAL:
        gains = np.array([MARGIN] + [-0.2] * (design.attacks - 1))
    levels = Levels(teachers=design.teachers, attacks=design.attacks, looks=len(design.looks))
    rng, false = np.random.default_rng(design.teachers), []
    for _ in range(design.pages):
        page = Page(rng, design.teachers, gains, seeds=design.looks[-1], common=design.common, slope=design.slope)
        answers = list(page.decide(design.looks, levels).values())
        false.append(answers.count("undistillable" if truth == MARGINAL else "distillable"))
    assert np.mean(np.array(false) > 0) <= 0.055 + 3 * sqrt(0.05 * 0.95 / design.pages)
    if design.common <= 0.5:
        share, drawn = 0.055 / design.teachers, design.pages * design.teachers
        assert sum(false) / drawn <= share + 3 * sqrt(share / drawn)


def paired_rule(runs, control, attacks):
    """The first edition's: paired with the control of the seed, one family of attacks per teacher, no floor."""
    n = runs.shape[1]
    gains = runs - control[:n]
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = gains.mean(axis=1) / (gains.std(axis=1, ddof=1) / sqrt(n))
    return (t.sf(statistic, n - 1) < 0.05 / attacks).reshape(-1, attacks).any(axis=1)


def test_the_first_rule_was_wrong_on_every_sixth_page():
    """Fourteen null teachers, nine attacks, five seeds, the controls shared."""
    rng, wrong, pages = np.random.default_rng(0), 0, 300
    for _ in range(pages):
        page = Page(rng, 14, np.zeros(9), seeds=5, common=0.3, slope=0.0)
        wrong += paired_rule(page.runs, page.control, 9).any()
    assert wrong / pages > 0.1


def leaking(rng, gain, spread, seeds):
    """Eight teachers, nine attacks, one of which gains; one spread for all."""
    keys = [CellKey(f"t{t}", f"a{a}") for t in range(8) for a in range(9)]
    gains = np.tile([gain] + [-0.02] * 8, 8)[:, None]
    runs = np.round(200 + N_TEST * gains + N_TEST * spread * rng.normal(size=(len(keys), seeds))) / N_TEST
    control = np.round(200 + 3 * rng.normal(size=8 * seeds)) / N_TEST
    cells = {key: dict(enumerate(row.tolist())) for key, row in zip(keys, runs, strict=True)}
    return gains_over_controls(cells, {"ls": dict(enumerate(control.tolist()))}, n_test=N_TEST)


@pytest.mark.parametrize(("gain", "spread", "least"), [(0.081, 0.023, 0.95), (0.034, 0.012, 0.8)])
def test_leaks_of_the_digits_run_are_found_with_five_seeds(gain, spread, least):
    rng, found, pages = np.random.default_rng(1), 0, 60
    levels = Levels(teachers=8, attacks=9, looks=4)
    for _ in range(pages):
        gains = leaking(rng, gain, spread, 5)
        found += sum(gains.cells[CellKey(f"t{t}", "a0")]["ls"].lower(levels.distillable) > 0 for t in range(8))
    assert found / (8 * pages) > least


def test_a_teacher_that_leaks_nothing_is_found_undistillable_with_seeds_enough():
    """Three attacks without gain, spreads of 1.7 points, and the looks: hardly ever at 8 seeds, mostly at 64."""
    rng, levels = np.random.default_rng(2), Levels(attacks=3, looks=4)
    closed = {8: 0, 64: 0}
    for seeds in closed:
        for _ in range(200):
            runs = 200 + N_TEST * 0.017 * rng.normal(size=(3, seeds))
            control = 200 + N_TEST * 0.017 * rng.normal(size=3 * seeds)
            cells = {
                CellKey("t", f"a{a}"): dict(enumerate((np.round(row) / N_TEST).tolist())) for a, row in enumerate(runs)
            }
            found = gains_over_controls(
                cells, {"ls": dict(enumerate((np.round(control) / N_TEST).tolist()))}, n_test=N_TEST
            )
            decision = decide(Evidence(found.of_teacher("t")), levels=levels, margin=MARGIN, n_test=N_TEST)
            closed[seeds] += decision.answer == "undistillable"
    assert closed[8] < 20
    assert closed[64] > 150


def test_a_protected_teacher_is_not_praised_where_nothing_could_be_stolen():
    """Its unprotected counterpart has learned shuffled labels; neither has a gain: no control."""
    rng, levels = np.random.default_rng(3), Levels(teachers=2, attacks=3)
    page = Page(rng, 2, np.full(3, -0.1), seeds=16, common=0.0, slope=0.0)
    cells = {key: dict(enumerate(row.tolist())) for key, row in zip(page.keys, page.runs, strict=True)}
    found = gains_over_controls(cells, {"ls": dict(enumerate(page.control.tolist()))}, n_test=N_TEST)
    unprotected = decide(Evidence(found.of_teacher("t0")), levels=levels, margin=MARGIN, n_test=N_TEST)
    evidence = Evidence(found.of_teacher("t1"), leaks=unprotected.answer == "distillable")
    assert decide(evidence, levels=levels, margin=MARGIN, n_test=N_TEST).answer == "no control"
