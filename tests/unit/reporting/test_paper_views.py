import re

import numpy as np
import pytest

from distillab.reporting import paper_notes, paper_views


def test_the_papers_five_seeds_are_undistillable_by_our_rule_too(papers):
    verdict = paper_views.five_seeds(papers)
    assert (verdict.answer, verdict.attack) == ("undistillable", "DIST")
    assert verdict.gain == pytest.approx(-0.00176)
    # LS students and knockoffs of a seed rise together with slope 1, which costs one of the four degrees of freedom.
    differences = np.array([72.01 - 72.28, 71.74 - 71.83, 71.93 - 72.06, 72.12 - 72.25, 71.27 - 71.53]) / 100
    half = 2.353363434801825 * np.sqrt(np.square(differences + 0.00176).sum() / 3 / 5)
    assert (verdict.lower, verdict.upper) == pytest.approx((-0.00176 - half, -0.00176 + half))
    table = paper_views.paper_tables(papers, beside=True).text
    assert "ahead on 5 of 5 seeds; one-sided sign test p = 0.031" in table


@pytest.mark.parametrize(("wins", "n", "p"), [(5, 5, 1 / 32), (0, 5, 1.0), (2, 3, 0.5)])
def test_the_sign_test_is_exact(wins, n, p):
    assert paper_views._sign_test(wins, n) == pytest.approx(p)


def test_numbers_that_stand_beside_ours_are_not_printed_again(papers):
    alone, beside = (paper_views.paper_tables(papers, beside=flag).text for flag in (False, True))
    assert "Tables 1 and 7" in alone
    assert "Tables 1 and 7" not in beside
    assert all(f"Table {number}" in beside for number in (8, 9, 10))


def test_every_printed_knockoff_is_there_with_arrow_and_spread(papers):
    table = paper_views.paper_tables(papers, beside=False).text.split('id="paper-knockoffs-caption"')[1]
    body = table.split("</table>")[0]
    assert body.count("<tr") == 46 + 1
    assert body.count("±") == len(papers["cmim_table7"])
    row = next(row for row in body.split("<tr") if "CMIM, RN50 → VGG11" in row)
    assert "71.86 ↓<br><span class='interval'>±0.28" in row
    assert body.count("↑") == (papers["cmim_table1_arrows"]["arrow_printed"] == "up").sum()


def test_overflown_numbers_are_dashes(papers):
    assert paper_views.paper_tables(papers, beside=True).text.count("printed as not a number") == 2 * 4


@pytest.mark.parametrize(
    "line",
    [
        "APGP, VGG16 → VGG11, KD: 71.92 against 71.94 of the LS student, printed ↑",
        "LS, RN50 → VGG11, DKD: 71.95 against 71.94 of the LS student, printed ↓",
        "SNT, VGG16 → VGG11: 72.06 is printed as the best knockoff, but MKD has 72.28",
        "the LS student RN18 on TinyImageNet has 63.53 and 63.56 in different rows",
        "APGP, RN50 → VGG11, HTC: 71.36 in table 1, 71.38 in table 7",
        "Table 7 lacks rows of table 1: CIFAR-100, APGP, RN50 → RN18; CIFAR-100, ST, RN50 → RN18.",
        "VGG11 has a spread of 0.09 over three runs in table 7, and of 0.31 over the five",
        "CMIM, RN50 on CIFAR-100: 78.72 in table 2, 77.93 in table 5",
        "on CIFAR-100, VGG16, at least as accurate: APGP, LS",
        "ST is said to leave accuracy as it is; on TinyImageNet, RN50 the tables differ by −0.01 points",
        "APGP is said to leave accuracy as it is; on CIFAR-100, RN50 the tables differ by −0.25 points",
        "not that of table 5: SQN has +1.32 points",
        "NT, RN50 → VGG11, AVG: 71.94, just what the LS student has",
        "VGG11, Knockoff: 62.94 for NT (RN50) and SNT (RN50)",
        "VGG11, AVG: 71.63 for SNT (VGG16) and ST (VGG16)",
        "VGG11, HTC: 70.66 for SNT (RN50) and LS (VGG16)",
        "for ImageNet there is one: CMIM's margins there, −0.20 and −0.07 points",
        "its search grid of λ lacks one of the values",
        "the address of the code is not that",
    ],
)
def test_contradictions_are_found_in_the_numbers(papers, line):
    assert line in re.sub(r"<[^>]*>", " ", paper_notes.knockoff_misprints(papers).text)


def test_five_arrows_contradict_their_numbers_and_one_best(papers):
    text = paper_notes.knockoff_misprints(papers).text
    assert text.count("of the LS student, printed") == 5
    assert text.count("is printed as the best knockoff") == 1
