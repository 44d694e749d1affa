import numpy as np
import pytest

from distillab.reporting import paper_views


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
    assert '71.86 ↓<br><span class="interval">±0.28' in row
    assert body.count("↑") == (papers["cmim_table1_arrows"]["arrow_printed"] == "up").sum()


def test_overflown_numbers_are_dashes(papers):
    assert paper_views.paper_tables(papers, beside=True).text.count('title="printed as not a number"') == 4
