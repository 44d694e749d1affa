"""The table ``ablations``: which defenses are variants of one method, and three quantities of each."""

import by_hand
import pytest

from distillab.tables import ablations

CMIM = {"name": "cmim", "omega": 25.0}
BETAS = {"cmim_a": 2.0, "cmim_b": 0.5, "cmim_c": 1.0}
RIGHT = {"cmim_a": (9, 7, 8), "cmim_b": (5, 6, 4), "cmim_c": (3, 1, 5)}
"""Of 10 test images, by seed; a knockoff by KD is right on one less, by RKD on one more."""
POWERS = (0.0, 1.0, 3.0)
SEEDS = (2, 0, 1)


@pytest.fixture
def results(made_up):
    """Three variants, and two of another method."""
    plain = {"ce": {"name": "ce"}, "st_a": {"name": "st", "keep": 2}, "st_b": {"name": "st", "keep": 3}}
    variants = {key: CMIM | {"beta": beta} for key, beta in BETAS.items()}
    found = made_up(plain | variants, ("kd", "rkd"), powers=POWERS)
    for key, counts in (RIGHT | {"ce": (2, 3, 2), "st_a": (1, 4, 6)}).items():
        for seed, right in zip(SEEDS, counts, strict=True):
            teacher = found.teacher(key, seed=seed, test=right, train=right)
            found.knockoff("kd", teacher, test=right - 1)
            if key != "cmim_b":
                found.knockoff("rkd", teacher, test=right + 1)
    return found


def numbers(values, images=None):
    """Of shares of so many images, or of what is never below 0."""
    mean, low, high = by_hand.mean_and_bounds(values)
    low, high = by_hand.share_bounds(values, images) if images else (max(low, 0.0), high)
    return {"number": mean, "low": low, "high": high, "seeds": len(values)}


def expected(results):
    for key, beta in BETAS.items():
        row = {"method": "cmim", "field": "beta", "value": beta, "defense": key, "arch": "wide", "student": ""}
        said = [results.log_probs(f"{key}-wide-s{seed}", "train") for seed in SEEDS]
        peaks = [max(by_hand.scatter(each, results.labels["train"], power) for power in POWERS) for each in said]
        yield row | {"quantity": "accuracy", "attack": ""} | numbers([n / 10 for n in RIGHT[key]], 10)
        yield row | {"quantity": "peak", "attack": ""} | numbers(peaks)
        for attack, more in {"kd": -1, "rkd": 1}.items():
            if (key, attack) != ("cmim_b", "rkd"):
                accuracies = numbers([(n + more) / 10 for n in RIGHT[key]], 10)
                yield row | {"student": "thin", "quantity": "knockoff", "attack": attack} | accuracies


def test_every_row_is_that_of_its_variant_and_quantity(results, same_row):
    rows, wanted = ablations.rows(results), list(expected(results))
    assert len(rows) == len(wanted) == 3 + 3 + 3 + 2
    for row, each in zip(rows, wanted, strict=True):
        same_row(row, each)
    assert max(row["high"] for row in rows if row["quantity"] != "peak") < 1


def test_a_variant_may_belong_to_two_ablations(made_up):
    """Three betas at one omega and three omegas at one beta share a variant; no other pair agrees in all but one."""
    settings = {"a": (2.0, 25.0), "b": (0.5, 25.0), "c": (1.0, 25.0), "d": (2.0, 5.0), "e": (2.0, 50.0)}
    found = made_up({key: CMIM | {"beta": beta, "omega": omega} for key, (beta, omega) in settings.items()})
    for key in settings:
        found.teacher(key, seed=0, test=5, train=5)
    told = {(row["field"], row["value"]) for row in ablations.rows(found)}
    assert told == {("beta", beta) for beta in (0.5, 1.0, 2.0)} | {("omega", omega) for omega in (5.0, 25.0, 50.0)}


def test_around_a_teacher_that_is_not_here_there_is_no_peak(results, monkeypatch):
    monkeypatch.setattr(results, "measured", lambda _model_id: ("test",))
    assert [row["quantity"] for row in ablations.rows(results)] == [
        row["quantity"] for row in expected(results) if row["quantity"] != "peak"
    ]


def test_two_variants_are_no_ablation(made_up):
    found = made_up({key: CMIM | {"beta": beta} for key, beta in list(BETAS.items())[:2]})
    for key in list(BETAS)[:2]:
        found.teacher(key)
    assert ablations.rows(found) == []


def test_two_fields_that_vary_are_no_ablation(made_up):
    variants = {f"cmim_{n}": CMIM | {"beta": n, "omega": n // 2} for n in range(3)}
    found = made_up(variants)
    for key in variants:
        found.teacher(key)
    assert ablations.rows(found) == []


def test_variants_that_differ_in_nothing_are_no_ablation(made_up):
    found = made_up({f"cmim_{n}": CMIM for n in range(3)})
    for n in range(3):
        found.teacher(f"cmim_{n}")
    assert ablations.rows(found) == []


def test_a_variant_without_teachers_is_none(made_up):
    found = made_up({key: CMIM | {"beta": beta} for key, beta in BETAS.items()})
    assert ablations.rows(found) == []
    for key in list(BETAS)[:2]:
        found.teacher(key)
    assert ablations.rows(found) == []


def test_networks_are_no_seeds_of_one_another(results):
    """Teachers of a second network have numbers of their own, and nothing of the first one's moves."""
    before = ablations.rows(results)
    for key in BETAS:
        for seed in SEEDS:
            results.teacher(key, seed=seed, net="deep", test=1, train=1)
    after = ablations.rows(results)
    assert [row for row in after if row["arch"] == "wide"] == before
    deep = [row for row in after if row["arch"] == "deep" and row["quantity"] == "accuracy"]
    assert [(row["defense"], row["number"], row["seeds"]) for row in deep] == [
        (key, pytest.approx(0.1), 3) for key in BETAS
    ]
