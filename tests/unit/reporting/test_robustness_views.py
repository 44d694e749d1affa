"""The table of what is left under attack: numbers in their cells, dashes with their reasons."""

from math import inf, nan

from pages import row_of

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
    assert row_of(text, "ls").endswith("50.0 – (half of the searches found nothing)")
    assert row_of(text, "cmim").endswith("0 0 – (no image was classified correctly)")
