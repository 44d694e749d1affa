"""Sentences for two readers: what the teachers keep under the attack that leaves the least."""

from math import nan

from pages import words

from distillab.reporting.text import robustness_answer


def kept(defense, attack, share, *, seed=0, **more):
    row = {"model": f"{defense}-net", "role": "teacher", "defense": defense, "arch": "net", "attack": attack}
    row |= {"attack_label": attack.upper(), "logits": "raw", "norm": "linf", "kind": "fixed_radius", "eps": 0.1}
    row |= {"seed": seed, "n": 40, "clean_accuracy": 0.95, "success_n": 9, "median_distance": nan}
    return row | {"robust_accuracy": share} | more


def test_the_answer_is_of_the_attack_and_radius_that_leave_the_least_on_average(tables_of, teacher):
    """FGSM leaves ce less than PGD does, but not on average; no student, minimum norm or rescaled output counts."""
    rows = [
        kept("ce", "fgsm", 0.1), kept("ls", "fgsm", 0.9), kept("ce", "pgd", 0.2), kept("ls", "pgd", 0.6),
        kept("ce", "pgd", 0.8, eps=0.05), kept("ls", "pgd", 0.9, eps=0.05),
        kept("ce", "cw", 0.0, eps=nan), kept("ce", "apgd", 0.0, logits="scaled"),
        kept("ce", "apgd", 0.0, role="student"),
    ]  # fmt: skip
    said = words(robustness_answer(tables_of(models=[teacher("ce"), teacher("ls")], robustness=rows)).text)
    assert "at eps 0.1 the teachers keep between 20.0 %" in said
    assert "60.0 %" in said
    assert said.endswith("of n = 40 images.")
    assert "PGD" in said.upper()


def test_without_an_attack_of_a_fixed_radius_nothing_is_claimed(tables_of, teacher):
    rows = [kept("ce", "cw", 0.0, eps=nan)]
    said = words(robustness_answer(tables_of(models=[teacher("ce")], robustness=rows)).text)
    assert said == "No attack of a fixed radius was run."
