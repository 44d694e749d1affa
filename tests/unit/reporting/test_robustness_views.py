"""The table of what is left under attack: numbers in their cells, dashes with their reasons."""

from math import inf, nan

from pages import row_of, words

from distillab.reporting import robustness_views


def attacked(defense, attack, *, seed=0, **more):
    row = {"model": f"{defense}-net", "role": "teacher", "defense": defense, "arch": "net", "attack": attack}
    row |= {"attack_label": attack.upper(), "logits": "raw", "norm": "l2", "kind": "minimum_norm", "eps": nan}
    row |= {"seed": seed, "n": 10, "clean_accuracy": 0.9, "success_n": 9, "median_distance": 0.25}
    return row | more


def at_budget(defense, attack, kept, **more):
    return (
        attacked(defense, attack, kind="fixed_radius", eps=0.1, robust_accuracy=kept) | {"median_distance": nan} | more
    )


def test_a_model_that_is_never_right_and_one_that_withstands_have_their_own_reasons(tables_of, teacher):
    rows = [
        *(at_budget(defense, "pgd", kept) for defense, kept in (("ce", 0.25), ("ls", 0.5), ("cmim", 0.0))),
        attacked("ce", "cw"),
        attacked("ls", "cw", median_distance=inf),
        attacked("cmim", "cw", median_distance=nan, success_n=0, clean_accuracy=0.0),
    ]
    models = [teacher(defense) for defense in ("ce", "ls", "cmim")]
    text = robustness_views.robustness_table(tables_of(models=models, robustness=rows)).text
    assert "90.0 25.0 0.250" in row_of(text, "ce")
    assert row_of(text, "ls").endswith("50.0 – (half of a seed's searches found nothing)")
    assert row_of(text, "cmim").endswith("0 0 – (no image was classified correctly)")


def curve(defense, seed=0, norm="l2", **more):
    """Two points of a curve."""
    row = {"model": f"{defense}-net", "norm": norm, "seed": seed, "attack_keys": "cw, pgd", "missing": 0, "n": 7}
    return [row | {"eps": eps, "robust_accuracy": 0.9 - eps} | more for eps in (0.0, 0.5)]


def drawn(tables_of, teacher, curves, attacks):
    facts = {"classes": 10}
    read = tables_of(facts, models=[teacher("ce")], curves=curves, robustness=attacks)
    return words(
        robustness_views.robustness_figure(read, robustness_views.robustness_curves(read)).text.partition(
            "<figcaption>"
        )[2]
    )


def test_a_curve_says_over_which_attacks_it_bounds_robustness_from_above(tables_of, teacher):
    """The attack of another model, and one in another norm, made no curve here; nothing is said to be impossible."""
    rows = [
        attacked("ce", "cw", strength="cut short"), at_budget("ce", "pgd", 0.5, norm="l2"),
        at_budget("ce", "fgsm", 0.5), attacked("nt", "df"),
    ]  # fmt: skip
    said = drawn(tables_of, teacher, curve("ce") + curve("ce", 1), rows)
    assert said.startswith("Robust accuracy is at most this high.")
    assert "all attacks in the norm: CW (cut short on 1 of 1 model); PGD. Lines" in said
    assert "other attacks may find more" in said
    assert "means over 2 seeds" in said
    assert "n = 7 images" in said


def test_a_curve_over_fewer_attacks_than_planned_is_counted(tables_of, teacher):
    rows = [attacked("ce", "cw"), at_budget("ce", "pgd", 0.5)]
    assert "fewer" not in drawn(tables_of, teacher, curve("ce"), rows)
    said = drawn(tables_of, teacher, curve("ce") + curve("ce", 1, missing=2), rows)
    assert "PGD. 1 of 2 curves are over fewer attacks than planned." in said


def test_there_is_a_panel_for_every_norm(tables_of, teacher):
    read = tables_of({"classes": 10}, models=[teacher("ce")], curves=curve("ce") + curve("ce", norm="linf"),
                     robustness=[attacked("ce", "cw")])  # fmt: skip
    drawing = robustness_views.robustness_figure(read, robustness_views.robustness_curves(read)).text
    assert [title in drawing for title in (">L2<", ">L∞<", ">L0<")] == [True, True, False]
