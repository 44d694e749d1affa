import re
from math import isnan, nan

import pytest
from pages import rows_of, words

from distillab.core.errors import ArtifactError
from distillab.metrics.intervals import wilson
from distillab.reporting import certified_costs, certified_plots, certified_rows, certified_text, certified_views
from distillab.reporting.drawing import panels_of

SPECS = {"params": {
    "defenses": {"ce": {"name": "ce"}, "wk": {"name": "wong_kolter", "eps": 0.1},
                 "ls": {"name": "ls", "label_smoothing": 0.05}},
    "certification": {"certifiers": {"dual": {"name": "dual"}, "dual_paper": {"name": "dual", "input_box": False},
                                     "ibp": {"name": "ibp"}, "best": {"name": "best"}}},
}}  # fmt: skip
DECIDERS = {"ibp": "IBP", "dual": "WK dual", "new": "N & W", "crown": "CROWN"}
KINDS = (("ce", "unprotected"), ("wk", "certified"), ("ls", "smoothed"))
SPECS["methods"] = {
    "defenses": {key: {"label": key, "grade": "V", "paper": "", "kind": kind} for key, kind in KINDS},
    "certifiers": {
    key: {"paper": "", "rank": rank, "deciders": [{"name": name, "label": DECIDERS[name]} for name in names]}
    for key, rank, names in (("best", 6, DECIDERS), ("dual", 1, ["dual"]), ("dual_paper", 1, ["dual"]),
                             ("ibp", 0, ["ibp"]))
}}  # fmt: skip


def certificate(defense="ce", certifier="dual", share=0.5, *, robust=0.75, eps=0.1, **more):
    row = {"model": f"{defense}-net", "role": "teacher", "defense": defense, "arch": "net", "certifier": certifier}
    row |= {"certifier_label": {"ibp": "IBP", "best": "best"}.get(certifier, "WK dual"), "norm": "linf", "eps": eps}
    row |= {"seed": 0, "n": 100, "clean_accuracy": 0.9, "certified_accuracy": share, "low": share - 0.1}
    row |= {"high": share + 0.1, "slack": 0, "robust_accuracy": robust, "robust_n": 100, "gap": robust - share}
    row |= {"median_radius": nan, "undecided": 0.9 - share, "missing": 0}
    row |= {f"by_{name}": 0.0 for name in DECIDERS}
    return row | more


def bound(certifier, margin, image=0, *, eps=0.1, model="ce-net"):
    return {"model": model, "certifier": certifier, "seed": 0, "id": image, "eps": eps, "label": 1, "margin": margin,
            "certified": margin > 0, "by": "", "radius": nan}  # fmt: skip


def test_a_row_holds_both_ends_the_gap_and_what_it_cost(tables_of, teacher):
    cost = {"model": "ce-net", "certifier": "dual", "seed": 0, "eps": 0.1, "seconds_per_image": 0.25}
    read = tables_of(SPECS | {"certificate_costs": [cost | {"peak_memory": 12e6}]},
                     models=[teacher("ce", "CE")], certificates=[certificate(slack=3)])  # fmt: skip
    _, row = rows_of(certified_views.certificate_table(read).text)
    assert row == "CE 90.0 75.0 [65.7, 82.5] 50.0 [40.0, 60.0] 25.0"
    assert rows_of(certified_views.cost_table(read).text) == ["WK dual 250 12.0"]


def test_a_robust_share_is_as_sure_as_the_images_it_is_of(tables_of, teacher):
    """Wilson's interval of 15 of 20 attacked images beside 100 certified ones."""
    read = tables_of(SPECS, models=[teacher("ce")], certificates=[certificate(robust_n=20)])
    found = wilson(15, 20)
    assert f"75.0 [{100 * found.low:.1f}, {100 * found.high:.1f}]" in words(
        certified_views.certificate_table(read).text
    )


def test_without_attack_or_cost_there_are_dashes_with_reasons(tables_of, teacher):
    rows = [certificate(robust=nan, robust_n=0, gap=nan)]
    table = certified_views.certificate_table(tables_of(SPECS, models=[teacher("ce")], certificates=rows)).text
    assert table.count('title="no attack on this model at this radius"') == 2
    assert "median certified radius" not in table
    costs = certified_views.cost_table(tables_of(SPECS, models=[teacher("ce")], certificates=rows))
    assert costs.text.count('title="not measured"') == 2
    assert "0.0421" in certified_views.certificate_table(
        tables_of(SPECS, models=[teacher("ce")], certificates=[certificate(median_radius=0.0421)])
    ).text  # fmt: skip


def test_a_combined_certifier_says_which_of_its_methods_decided(tables_of, teacher):
    row = certificate(certifier="best", by_ibp=0.125, by_crown=0.375, by_new=0.25, undecided=0.4)
    _, shown = rows_of(
        certified_views.certificate_table(tables_of(SPECS, models=[teacher("ce")], certificates=[row])).text
    )
    assert "IBP 12.5 N & W 25.0 CROWN 37.5 undecided 40.0" in shown
    assert "dual" not in shown


def test_the_radius_of_a_training_comes_first_but_not_that_of_label_smoothing(tables_of):
    frame = tables_of(certificates=[certificate(eps=eps) for eps in (0.05, 0.1, 0.2)])["certificates"]
    assert [eps for _, eps in certified_rows.threat_models(tables_of(SPECS), frame)] == [0.1, 0.05, 0.2]
    assert [eps for _, eps in certified_rows.threat_models(tables_of(), frame)] == [0.05, 0.1, 0.2]


def test_other_radii_are_folded(tables_of, teacher):
    read = tables_of(SPECS, models=[teacher("ce")], certificates=[certificate(eps=eps) for eps in (0.1, 0.2)])
    shown, rest = certified_views.certificate_table(read).text.split("<details>")
    assert "eps 0.1" in shown
    assert "eps 0.2" in rest


def test_variants_of_a_certifier_are_told_apart_and_cheap_ones_come_first(tables_of):
    read = tables_of(SPECS, certificates=[certificate(certifier=key) for key in ("best", "dual_paper", "dual", "ibp")])
    assert certified_rows.labels(read)["dual"] == "WK dual"
    assert certified_rows.labels(read)["dual_paper"] == "WK dual (paper)"
    assert certified_rows.in_order(read, read["certificates"]) == ["ibp", "dual", "dual_paper", "best"]
    without = tables_of(certificates=[certificate(certifier=key) for key in ("ibp", "best", "dual")])
    assert certified_rows.in_order(without, without["certificates"]) == ["best", "dual", "ibp"]


def test_the_answer_takes_the_strongest_certifier_of_each_model(tables_of, teacher):
    rows = [certificate("ce", "ibp", 0.25), certificate("ce", "dual", 0.375), certificate("wk", "ibp", 0.5)]
    read = tables_of(SPECS, models=[teacher("ce", "CE"), teacher("wk", "WK")], certificates=rows)
    said = words(certified_text.certified_answer(read).text)
    assert "WK is certified on 50.0 % [40.0, 60.0] by IBP, attacks leave 75.0 %, and 25.0 points are open" in said
    assert "CE is certified on 37.5 % [27.5, 47.5] by WK dual" in said
    assert said.index("WK is") < said.index("CE is")
    assert "n = 100 images, 1 seed." in said


def test_what_attacks_leave_of_fewer_images_is_told_of_these(tables_of, teacher):
    rows = [certificate("wk", "ibp", 0.5, robust=0.75, robust_n=20, gap=0.3)]
    read = tables_of(SPECS, models=[teacher("wk", "WK")], certificates=rows)
    said = words(certified_text.certified_answer(read).text)
    assert "by IBP, attacks leave 75.0 % of the 20 images they were run on, and 30.0 points are open there" in said
    drawn = certified_plots.radii_figure(read, certified_plots.radii(read)).text
    assert "n = 100 images (20 attacked), means over 1 seed" in drawn
    assert "on the images that were attacked (20)." in words(certified_views.certificate_table(read).text)


@pytest.mark.parametrize(("slack", "said"), [(0, "none of them lies"), (2, "2 of them lie so close")])
def test_rounding_is_counted(tables_of, slack, said):
    read = tables_of(SPECS, certificates=[certificate(slack=slack)])
    assert said in certified_text.rounding(read).text
    assert "counts as not certified." in certified_text.rounding(read).text


def test_a_papers_own_bound_is_said_to_be_counted_as_the_paper_counts(tables_of):
    certifiers = {"dual": {"name": "dual", "as_published": "scaling"}}
    facts = {"params": {"certification": {"certifiers": certifiers}}}
    read = tables_of(facts, certificates=[certificate(certifier="dual", slack=2)])
    assert "not certified, but for a paper's own bound, which is counted as" in certified_text.rounding(read).text


def test_tightness_is_about_images_that_all_bounded_and_not_alike(tables_of, teacher):
    images = [bound("ibp", -1.0, 0), bound("dual", 1.0, 0), bound("best", 1.0, 0),
              bound("ibp", 3.0, 1), bound("dual", 2.0, 1), bound("best", 3.0, 1),
              bound("ibp", 4.0, 2), bound("dual", 5.0, 2), bound("best", 5.0, 2),
              *(bound(key, -2.0, 3) for key in ("ibp", "dual", "best")), bound("ibp", 9.0, 4)]  # fmt: skip
    read = tables_of(
        SPECS,
        models=[teacher("ce")],
        certificates=[certificate(certifier=key) for key in ("ibp", "dual", "best")],
        certified_images=images,
    )
    bars = certified_plots.bounds(read).set_index("certifier")
    assert set(bars["n"]) == {3}
    assert bars["best"].to_dict() == pytest.approx({"ibp": 1 / 3, "dual": 2 / 3})
    assert bars["p50"].to_dict() == {"ibp": 3.0, "dual": 2.0}


def test_one_certifier_has_nothing_to_be_compared_with(tables_of, teacher):
    read = tables_of(SPECS, models=[teacher("ce")], certificates=[certificate()], certified_images=[bound("dual", 1.0)])
    assert (
        "Tightness can be compared where two certifiers"
        in certified_plots.tightness_figure(read, certified_plots.bounds(read)).text
    )
    assert "<svg" in certified_plots.radii_figure(read, certified_plots.radii(read)).text


def test_one_bound_beside_the_best_of_several_is_alone_too(tables_of, teacher):
    read = tables_of(
        SPECS,
        models=[teacher("ce")],
        certificates=[certificate(certifier=key) for key in ("dual", "best")],
        certified_images=[bound("dual", 1.0), bound("best", 2.0)],
    )
    said = certified_plots.tightness_figure(read, certified_plots.bounds(read)).text
    assert "Tightness can be compared where two certifiers" in said


def test_lines_start_at_the_clean_accuracy_and_the_open_part_is_between(tables_of, teacher):
    rows = [certificate("ce", "ibp", 0.25), certificate("ce", "dual", 0.375)]
    read = tables_of(SPECS, models=[teacher("ce", "CE")], certificates=rows)
    curves = certified_plots.radii(read)
    assert list(curves.loc[curves["eps"] == 0, "value"]) == [90.0] * 3
    assert curves.loc[curves["eps"] > 0].set_index("label")["value"].to_dict() == {
        "IBP": 25.0, "WK dual": 37.5, "worst attack": 75.0
    }  # fmt: skip
    between = curves[curves["low"].notna()]
    assert between[["eps", "low", "high"]].values.tolist() == [[0.0, 90.0, 90.0], [0.1, 37.5, 75.0]]


def test_no_line_runs_through_a_radius_at_which_nobody_attacked(tables_of, teacher):
    known = {0.1: 0.75, 0.2: nan, 0.3: 0.5}
    rows = [certificate("ce", "ibp", 0.25, eps=eps, robust=robust) for eps, robust in known.items()]
    read = tables_of(SPECS, models=[teacher("ce", "CE")], certificates=rows)
    curves = certified_plots.radii(read)
    attacked = curves[curves["label"] == "worst attack"].set_index("eps")["value"]
    assert list(attacked.index) == [0, 0.1, 0.2, 0.3]
    assert list(attacked.isna()) == [False, False, True, False]
    assert isnan(curves[curves["label"] == "worst attack"].set_index("eps").loc[0.2, "high"])
    (panel,) = panels_of(certified_plots.radii_figure(read, curves).charts[0])
    assert any(isnan(y) for line in panel.axes[0].lines for y in line.get_ydata())


def test_without_attacks_the_figure_says_that_nothing_bounds_from_above(tables_of, teacher):
    rows = [certificate(robust=nan, robust_n=0, gap=nan)]
    read = tables_of(SPECS, models=[teacher("ce")], certificates=rows)
    drawn = certified_plots.radii_figure(read, certified_plots.radii(read)).text
    assert "nothing bounds the truth from above" in drawn
    assert "worst attack" not in drawn


def test_the_cost_figure_needs_a_record_and_names_the_measured_powers(tmp_path):
    assert "width.py</code> measures it" in certified_costs.width_figure(tmp_path, certified_costs.costs(tmp_path)).text
    rows = [{"width": width, "exact": width**2 / 1000, "projected": width / 100} for width in (50, 100, 200, 400)]
    costs = certified_costs._costs(rows)
    slopes = costs.groupby("label")["slope"].first().to_dict()
    assert list(slopes) == ["dual, exact: ∝ width^2.0", "dual, projected (an estimate): ∝ width^1.0"]
    assert list(slopes.values()) == pytest.approx([2.0, 1.0])
    (tmp_path / "width.json").write_text('{"rows": []}')
    with pytest.raises(ArtifactError, match="not a record of costs"):
        certified_costs.costs(tmp_path)


def test_a_cascade_grows_and_says_who_decides(tables_of, teacher):
    where = {"cascade": "wk", "arch": "net", "certifier": "dual", "norm": "linf", "eps": 0.1, "seed": 0, "n": 100}
    rows = [where | {"networks": 1, "shares": [0.5], "standard_error": 0.02, "paper_robust_error": 0.5,
                     "strict_robust_error": 0.5},
            where | {"networks": 2, "shares": [0.5, 0.25], "standard_error": 0.03, "paper_robust_error": 0.3,
                     "strict_robust_error": 0.4}]  # fmt: skip
    read = tables_of(SPECS, models=[teacher("wk", "WK")], certificates=[certificate("wk")], cascades=rows)
    first, second = rows_of(certified_views.cascade_table(read).text)
    assert first.startswith("WK, net 1 WK dual, L∞, eps 0.1 2.0")
    assert first.endswith("1: 50.0 undecided 50.0")
    assert re.search(r"2 WK dual, L∞, eps 0\.1 3\.0 \[.*\] 30\.0 \[.*\] 40\.0 \[.*\] 1: 50\.0 2: 25\.0 und", second)
    assert certified_views.cascade_table(tables_of()).text == ""


@pytest.mark.parametrize(("least", "bottom"), [(0.0, 0.0), (49.0, 0.0), (92.0, 91.0)])
def test_lines_near_the_top_are_drawn_larger(least, bottom):
    assert certified_plots._heights(least)[0] == bottom
