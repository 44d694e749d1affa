from math import inf, nan
from types import SimpleNamespace

import numpy as np
import pytest
from pages import row_of, words

from distillab.reporting import response_views, sparse_text, thief_text
from distillab.reporting.response_views import exponential_divergence

P, R = np.array([0.7, 0.1, 0.1, 0.1]), np.array([0.6, 0.4, 0.0, 0.0])


def answer(defense, temperature=1.0, *, seed=0, **more):
    return {"teacher": f"{defense}-net", "defense": defense, "defense_label": defense, "seed": seed, "n": 90,
            "temperature": temperature, "entropy": 0.25, "entropy_sd": 0.125, "support": 1.5, "gap": 0.75,
            "kl_from_plain": 0.5, "kl_to_plain": 2.0} | more  # fmt: skip


def test_epd_has_the_specifications_values():
    assert exponential_divergence(P, R) == pytest.approx(0.06533553, abs=1e-5)
    assert exponential_divergence(R, R) == 0
    corners = exponential_divergence(np.eye(4), R)
    assert corners == pytest.approx([-0.13211764, 0.19817646, 0.69000116, 0.69000116], abs=1e-5)


def test_on_both_segments_epd_is_linear_and_kl_is_least_at_the_target():
    frame = response_views.divergence_rows()
    for segment, part in frame.groupby("segment"):
        values = {loss: line.set_index("t")["value"] for loss, line in part.groupby("loss")}
        at = part["at"].iloc[0]
        assert np.diff(values["EPD(p, r)"], 2) == pytest.approx(0, abs=1e-12)
        assert values["EPD(p, r)"][at] == pytest.approx(0, abs=1e-12)
        assert values["KL(r, p)"].idxmin() == pytest.approx(at)
        assert values["KL(p, r)"].isna().any() == ("dropped" in segment), "infinite on a dropped class alone"
    assert frame["value"].min() == pytest.approx(-0.13211764, abs=1e-5)


def test_softened_answers_have_their_own_columns(tables_of, teacher):
    rows = [answer("ce", t, entropy=t / 8) for t in (1.0, 4.0)]
    table = response_views.responses_table(tables_of(models=[teacher("ce")], responses=rows)).text
    assert "0.125 0.125 1.50 0.750 0.500 2.00 0.500 0.500 2.00" in row_of(table, "ce")
    assert "As released (T = 1)" in table
    assert "Softened at T = 4" in table


def test_an_infinite_seed_is_not_averaged_away(tables_of, teacher):
    rows = [answer("st", seed=seed, kl_to_plain=inf if seed == 1 else 0.25) for seed in range(3)]
    row = row_of(response_views.responses_table(tables_of(models=[teacher("st")], responses=rows)).text, "st")
    assert row.endswith("∞")
    assert "0.250 [0.250, 0.250]" in row


def test_without_an_unprotected_teacher_there_is_a_dash_with_its_reason(tables_of, teacher):
    rows = [answer("st", kl_from_plain=nan, kl_to_plain=nan)]
    table = response_views.responses_table(tables_of(models=[teacher("st")], responses=rows)).text
    assert table.count('title="no unprotected teacher of this network and seed"') == 2


def test_a_teacher_without_a_right_answer_says_so(tables_of, teacher):
    none = dict.fromkeys(("entropy", "entropy_sd", "support", "gap", "kl_from_plain", "kl_to_plain"), nan)
    rows = [answer("ce"), answer("ls", n=0, **none), answer("st", kl_from_plain=nan)]
    models = [teacher("ce"), teacher("ls"), teacher("st")]
    table = response_views.responses_table(tables_of(models=models, responses=rows)).text
    assert table.count('title="no image is classified correctly"') == 6
    assert table.count('title="no unprotected teacher of this network and seed"') == 1
    assert "n = 0 to 90 test images" in words(table)


def test_profiles_have_a_panel_per_network_and_a_line_per_defense(tables_of, teacher):
    rows = [{"teacher": f"{d}-{arch}", "defense": d, "seed": 0, "rank": rank, "value": -float(rank)}
            for d in ("ce", "ast") for arch in ("net", "wide") for rank in range(1, 4)]  # fmt: skip
    models = [teacher(d, arch=arch) for d in ("ce", "ast") for arch in ("net", "wide")]
    answers = response_views.sorted_answers(tables_of(models=models, profiles=rows))
    drawn = response_views.profile_figure(answers).text
    assert all(f">{name}<" in drawn for name in ("net", "wide", "ce", "ast"))
    assert response_views.profile_figure(response_views.sorted_answers(tables_of())).text == ""


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [(-0.03, -0.02, "is harder to steal from than CE"), (0.05, 0.06, "is easier to steal from than CE"),
     (0.0, 0.02, "cannot be told apart from CE"), (nan, nan, "Too few seeds for bounds")],
)  # fmt: skip
def test_ast_is_compared_by_bounds_that_do_not_overlap(tables_of, teacher, knockoff, verdict, *, lower, upper, said):
    gain = {"best_delta": -0.01, "lower": lower, "upper": upper}
    read = tables_of(
        models=[teacher("ce", "CE", test_accuracy=0.95), teacher("ast", "AST", test_accuracy=0.875)],
        knockoff=[knockoff("ce", "kd", "CE"), knockoff("ast", "kd", "AST")],
        verdicts=[verdict("ce", "distillable", lower=0.01, upper=0.03), verdict("ast", "undecided", **gain)],
    )
    sentence = words(sparse_text.sparse_answer(read).text)
    assert said in sentence
    assert "AST classifies 87.5 % of the test images correctly, CE 95.0 %" in sentence


def test_teachers_of_other_networks_and_other_methods_are_no_rivals(tables_of, teacher, knockoff, verdict):
    where = [("ast", "net"), ("ce", "wide"), ("cmim", "net")]
    read = tables_of(
        models=[teacher(d, arch=arch) for d, arch in where],
        knockoff=[knockoff(d, "kd", arch=arch) for d, arch in where],
        verdicts=[verdict(d, "undecided", arch=arch) for d, arch in where],
    )
    assert "no other teacher of its network" in sparse_text.sparse_answer(read).text


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [(-0.01, 0.025, " [−1.00, +2.50]"), (nan, 0.025, ""), (-0.01, nan, ""), (nan, nan, "")],
)
def test_bounds_are_said_where_there_are_both(lower, upper, said):
    assert thief_text.bounds_phrase(SimpleNamespace(lower=lower, upper=upper)) == said
