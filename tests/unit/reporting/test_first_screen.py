"""The first screen: its numbers, what they rest on, and the picture, each from the row that it names."""

import re
from math import nan

import pytest
from pages import words
from test_certified_views import certificate
from test_worst_views import SPECS, worst

from distillab.reporting.first_screen import first_screen
from distillab.reporting.heatmap import verdict_heatmap
from distillab.reporting.thief_rows import hardest_first

RUN = {"preset": "made", "commit": "c", "date": "", "classes": 10} | SPECS
ROBBED = [
    ("poor", "ce", "distillable", 0.071, 0.041, 0.117, 8), ("poor", "nt", "distillable", 0.052, 0.019, 0.115, 4),
    ("poor", "st", "undecided", 0.063, -0.011, 0.093, 3), ("paper", "ce", "nothing to steal", -0.006, -0.03, 0.02, 5),
    ("paper", "nt", "no control", -0.5, -0.6, -0.4, 6), ("paper", "st", "undecided", -0.001, -0.02, 0.01, 3),
]  # fmt: skip
PRICES = {("poor", "st"): (32.0, 90.0), ("paper", "st"): (16.0, 30.0)}


@pytest.fixture
def screen(tables_of, teacher, verdict):
    """A function from further rows to the first screen of CE, NT and ST robbed by two thieves."""

    def make(**rows):
        verdicts = [
            verdict(key, said, thief=thief, best_delta=gain, lower=low, upper=high, seeds=seeds,
                    **dict(zip(("price_seeds", "price_runs"), PRICES.get((thief, key), (nan, nan)), strict=True)))
            for thief, key, said, gain, low, high, seeds in ROBBED
        ]  # fmt: skip
        models = [teacher(key) for key in ("ce", "nt", "st", "madry", "weak")]
        read = tables_of(RUN, models=models, **({"verdicts": verdicts} | rows))
        return first_screen(read, verdict_heatmap(read, hardest_first(read))).text

    return make


def cards(html):
    return [words(item) for item in re.findall(r"<li><b>.*?</li>", html)]


def test_the_thefts_are_the_largest_from_nobody_protected_and_the_least_from_the_protected_by_the_same_thief(screen):
    assert cards(screen())[:2] == [
        "+7.10 points [+4.10, +11.7] what poor gains from ce, the unprotected teacher kd, 8 seeds: distillable",
        "+5.20 points [+1.90, +11.5] from nt, of 2 defended teachers the one that loses least kd, 4 seeds: distillable",
    ]


def test_the_worst_case_is_that_of_the_most_robust_with_its_own_sample_and_that_of_ce(screen):
    rows = [
        worst("madry", 0.75, n=32), worst("ce", 0.25, n=48),
        *(worst("weak", share, n=64, seed=seed) for seed, share in enumerate((0.5, 0.53, 0.56))),
        *(worst("nt", 0.99, n=500, seed=seed) for seed in range(2)), worst("madry", 0.875, eps=0.1, n=16),
    ]  # fmt: skip
    assert cards(screen(worst=rows))[2] == (
        "75.0 % [65.0, 85.0] kept by madry under the worst attack at L∞, eps 0.3; ce keeps 25.0 % [15.0, 35.0] "
        "n = 32 to 48 images, 1 seed"
    )


def test_the_largest_certificate_has_the_sample_of_its_own_row(screen):
    rows = [
        certificate("madry", "ibp", 0.625, eps=0.3, n=12), certificate("madry", "dual", 0.375, eps=0.3, n=20),
        *(certificate("ce", "dual", 0.5, eps=0.3, n=40, seed=seed) for seed in range(3)),
        certificate("ce", "dual", 0.875, eps=0.1, n=50),
    ]  # fmt: skip
    assert cards(screen(certificates=rows))[2] == (
        "62.5 % [52.5, 72.5] of images certified for madry at L∞, eps 0.3 n = 12 images, 1 seed"
    )


def test_what_is_open_has_no_price_where_too_few_seeds_tell_none(screen, verdict):
    said = words(screen(verdicts=[verdict("ce", "distillable"), verdict("st", "undecided", seeds=2)]))
    assert "Undecided: 1 of 2 verdicts; price not known." in said


def test_what_is_open_is_counted_and_the_cheapest_of_it_priced(screen):
    assert "Undecided: 2 of 6 verdicts; the nearest, st against the papers' thief, would take 16 seeds, 30" in words(
        screen()
    )


def test_the_picture_has_a_gain_per_teacher_and_thief_and_fills_what_is_decided(screen):
    body = screen().partition("<tbody>")[2].partition("</tbody>")[0]
    rows = {words(row)[:2]: re.findall(r'<td class="(\w+)" style="--strength:(\d+)%" title="([^"]*)">([^<]*)<', row)
            for row in re.findall(r"<tr>.*?</tr>", body)}  # fmt: skip
    assert {name: [(cell[0], cell[3]) for cell in cells] for name, cells in rows.items()} == {
        "nt": [("leaks", "+5.20"), ("open", "−50.0")],
        "st": [("open", "+6.30"), ("open", "−0.10")],
        "ce": [("leaks", "+7.10"), ("idle", "−0.60")],
    }
    assert [cells[0][1] for cells in rows.values()] == ["26", "29", "31"]
    assert rows["nt"][1][1:3] == ("70", "no control; kd, [−60.0, −40.0]")
