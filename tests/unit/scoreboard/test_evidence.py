"""Each quantity finds the rows that a claim is about, and takes their differences seed by seed."""

import math
from pathlib import Path

import pandas as pd
import pytest

from distillab.core.errors import ArtifactError
from distillab.scoreboard.quantities import QUANTITIES, evidence_on
from distillab.scoreboard.sample import Bounded, compared

SEEDS = (0, 1, 2)


def teachers(column, by_defense, arch="net", **others):
    return [
        {"model": f"{defense}-{arch}", "role": "teacher", "defense": defense, "arch": arch, "seed": seed, column: value,
         "test_n": 1000} | others
        for defense, values in by_defense.items()
        for seed, value in enumerate(values)
    ]  # fmt: skip


def side(by_seed, n=9, **others):
    return pd.DataFrame([{"seed": seed, "it": value, "n": n} | others for seed, value in by_seed.items()])


def test_only_seeds_that_both_have_pair_up_and_only_finite_differences_count():
    (sample,) = compared("x", side({0: 3.0, 1: 5.0, 3: math.inf}), side({1: 4.5, 2: 1.0, 3: 1.0}, n=7), "it")
    assert (sample.values, sample.n, sample.resolution) == ((0.5,), 7, 1 / 7)
    assert compared("x", side({0: 3.0}), side({1: 4.5}), "it") == []
    (ratio,) = compared("x", side({0: 3.0, 1: 1.0}), side({0: 2.0, 1: 0.0}), "it", counted=False, relative=True)
    assert (ratio.values, ratio.resolution) == ((50.0,), 0.0)


def test_a_seed_that_lacks_a_pair_counts_for_nothing_and_its_rest_is_in_no_mean():
    of = pd.concat([side({0: 3.0, 1: 4.0}, at=1), side({0: 10.0}, at=2)])
    against = pd.concat([side({0: 1.0, 1: 1.0}, at=1), side({0: 4.0, 1: 4.0}, at=2)])
    assert compared("x", of, against, "it", within=("at",))[0].values == (4.0,)


def test_seeds_that_lack_different_pairs_are_not_compared_as_if_they_had_the_same():
    of = pd.concat([side({0: 3.0, 1: 4.0}, at=1), side({0: 10.0}, at=2), side({1: 20.0}, at=3)])
    against = pd.concat([side({0: 0.0, 1: 0.0}, at=at) for at in (1, 2, 3)])
    assert compared("x", of, against, "it", within=("at",)) == []
    whole = pd.concat([of] + [side({2: 1.0 + at}, at=at) for at in (1, 2, 3)])
    nothing = pd.concat([against] + [side({2: 0.0}, at=at) for at in (1, 2, 3)])
    (sample,) = compared("x", whole, nothing, "it", within=("at",))
    assert sample.values == (3.0,)


def test_accuracy_of_teachers_is_in_points_with_a_step_of_one_image(run, claim):
    rows = teachers("test_accuracy", {"ce": (0.9, 0.91, 0.92), "cmim": (0.93, 0.90, 0.95), "ls": (0, 0, 0)})
    rows += [row | {"role": "knockoff", "test_accuracy": 0.1} for row in rows]
    (sample,) = evidence_on(claim("teacher accuracy", "cmim", "ce"), run(models=rows))
    assert sample.values == pytest.approx((3, -1, 3))
    assert (sample.context, sample.n, sample.resolution) == ("net", 1000, 0.1)
    assert evidence_on(claim("accuracy", "cmim", "ce"), run(models=rows)) == [sample]


def test_networks_are_told_apart(run, claim):
    rows = teachers("entropy_nats", {"ce": (0.1, 0.2, 0.3), "cmim": (0.2, 0.4, 0.6)})
    rows += teachers("entropy_nats", {"ce": (1.0, 1.0, 1.0), "cmim": (0.5, 0.4, 0.3)}, arch="other")
    found = evidence_on(claim("entropy of answers", "cmim", "ce"), run(models=rows))
    assert {it.context: it.values for it in found} == {
        "net": pytest.approx((0.1, 0.2, 0.3)), "other": pytest.approx((-0.5, -0.6, -0.7)),
    }  # fmt: skip


def test_the_peak_is_of_test_images(run, claim):
    rows = [row | {"split": "test", "n": 900} for row in teachers("peak", {"ce": (3, 4, 5), "cmim": (1, 3, 2)})]
    rows += [row | {"split": "train", "peak": 9.0} for row in rows]
    rows = [{key: value for key, value in row.items() if key != "test_n"} for row in rows]
    (sample,) = evidence_on(claim("peak CMI", "cmim", "ce"), run(leaks=rows))
    assert (sample.values, sample.n) == ((-2, -1, -3), 900)


def test_time_is_one_mean_in_percent(run, claim):
    rows = teachers("test_accuracy", {"ce": (0.9,), "cmim": (0.9,)})
    (sample,) = evidence_on(claim("training time", "cmim", "ce"), run(models=rows))
    assert sample.values == pytest.approx((30.0,))


about = pytest.approx


def verdict(**fields):
    return {"thief": "paper", "teacher": "cmim-net", "defense": "cmim", "student": "small", "best_attack": "kd",
            "best_delta": 0.012, "lower": 0.003, "upper": 0.02, "seeds": 5, "missing": 0,
            "verdict": "distillable"} | fields  # fmt: skip


def test_a_best_attack_comes_with_its_verdicts_bounds_of_each_thief_and_student(run, claim):
    rows = [verdict(), verdict(thief="poor", best_delta=0.1, lower=float("nan"), verdict="no control"),
            verdict(student="every student"),
            verdict(student="gated", verdict="undecided"),
            verdict(student="below", verdict="undecided", lower=-0.004),
            verdict(defense="ce"), verdict(student="other", missing=2),
            verdict(student="third", best_delta=float("nan"))]  # fmt: skip
    found = evidence_on(claim("knockoff accuracy", "best attack on cmim", "LS student"), run(verdicts=rows))
    assert found == [
        Bounded(
            "papers' thief, small, kd; verdict: distillable",
            pytest.approx(1.2),
            pytest.approx(0.3),
            pytest.approx(2.0),
            5,
            1000,
        ),
        Bounded(
            "thief with 60 labels, small, kd; verdict: no control",
            pytest.approx(10.0),
            None,
            pytest.approx(2.0),
            5,
            1000,
        ),
        Bounded("papers' thief, gated, kd; verdict: undecided", pytest.approx(1.2), None, pytest.approx(2.0), 5, 1000),
        Bounded("papers' thief, below, kd; verdict: undecided", about(1.2), about(-0.4), about(2.0), 5, 1000),
    ]


def knockoffs(by_cell, net="net"):
    return [
        {"role": "knockoff", "thief": "paper", "teacher": f"{defense}-{net}", "arch": "small", "defense": defense,
         "attack": attack, "seed": seed, "test_accuracy": value, "test_n": 500}
        for (defense, attack), values in by_cell.items()
        for seed, value in enumerate(values)
    ]  # fmt: skip


def test_knockoffs_of_two_teachers_are_compared_over_the_attacks_that_both_had(run, claim):
    rows = knockoffs({
        ("ast", "kd"): (0.5, 0.6, 0.7), ("ast", "avg"): (0.3, 0.2, 0.1), ("ast", "mkd"): (0.0, 0.0, 0.0),
        ("nt", "kd"): (0.6, 0.6, 0.6), ("nt", "avg"): (0.2, 0.2, 0.2),
    })  # fmt: skip
    (every,) = evidence_on(claim("knockoff accuracy", "ast", "nt"), run(models=rows))
    assert every.values == pytest.approx((0, 0, 0), abs=1e-9)
    (kd,) = evidence_on(claim("knockoff accuracy by KD", "ast", "nt"), run(models=rows))
    assert kd.values == pytest.approx((-10, 0, 10))
    assert (kd.context, kd.resolution) == ("papers' thief, small", 0.2)


def steps(column, number, images="n", **others):
    """A chain of three steps at T in {1, 5, 20}."""
    return [
        {"role": "chain", "chain": "ta", "defense": "", "step": step, "temperature": t, "seed": seed,
         column: number(step, t, seed), images: 400} | others
        for step in (0, 1, 2) for t in (1.0, 5.0, 20.0) for seed in SEEDS
    ]  # fmt: skip


def test_steps_are_compared_over_temperatures_and_temperatures_over_steps(run, claim):
    models = steps("test_accuracy", lambda step, t, seed: 0.5 + 0.1 * step + 0.001 * t + 0.01 * seed * step, "test_n")
    (sample,) = evidence_on(claim("accuracy", "step 2", "step 0"), run(models=models))
    assert (sample.context, sample.values) == ("ta", pytest.approx((20, 22, 24)))
    models = steps("confidence", lambda step, t, seed: 0.01 * t + 0.1 * step + 0.001 * seed * t, "test_n")
    (sample,) = evidence_on(claim("confidence", "the highest temperature", "temperature 1"), run(models=models))
    assert sample.values == pytest.approx((19, 20.9, 22.8))


def test_a_failed_network_takes_its_seed_along_and_no_temperature_into_another_mean(run, claim):
    models = steps("test_accuracy", lambda step, t, seed: 0.5 + 0.1 * step + 0.01 * t + 0.01 * seed * step, "test_n")
    left = [row for row in models if (row["step"], row["temperature"], row["seed"]) != (2, 20.0, 1)]
    (sample,) = evidence_on(claim("accuracy", "step 2", "step 0"), run(models=left))
    assert sample.values == pytest.approx((20, 24))


@pytest.mark.parametrize(
    ("quantity", "of", "against"),
    [
        ("accuracy", "step 2", "step 1"),
        ("confidence", "the highest temperature", "temperature 1"),
        ("mean minimal perturbation", "step 2", "step 1"),
        ("success of JSMA", "step 2 at temperature 20", "step 1 at temperature 1"),
    ],
)
def test_chains_from_a_defended_teacher_are_no_evidence(run, claim, quantity, of, against):
    attack = "jsma" if "JSMA" in quantity else "cw"
    told = dict.fromkeys(("confidence", "penalized_mean", "success_rate"), 0.5)
    rows = steps("test_accuracy", lambda *_: 0.9, n=400, attack=attack, logits="raw", norm="l2", **told)
    defended = [row | {"chain": "survival", "defense": "madry"} for row in rows]
    both = {"models": [row | {"test_n": 400} for row in rows + defended], "robustness": rows + defended}
    both["models"] = [{key: value for key, value in row.items() if key != "n"} for row in both["models"]]
    asked = claim(quantity, of, against)
    (sample,) = evidence_on(asked, run(**both))
    assert sample.context.startswith("ta")


def test_a_network_is_not_compared_with_itself(run, claim):
    models = [row for row in steps("confidence", lambda *_: 0.9, "test_n") if row["temperature"] == 1]
    asked = claim("confidence", "the highest temperature", "temperature 1", "equal")
    assert evidence_on(asked, run(models=models)) == []


def test_a_quantity_that_is_not_known_is_one_line(run, claim):
    with pytest.raises(ArtifactError, match="it: no such quantity"):
        evidence_on(claim("beauty", "a", "b"), run())


def test_small_gradients_are_of_the_chains_teachers(run, claim):
    rows = steps("small", lambda step, t, seed: 0.01 * t * (1 + seed) if step == 0 else 0.9)
    rows += [row | {"chain": "", "small": 0.5} for row in rows if row["step"] == 0]
    asked = claim("share of gradients below 1e-10", "the highest temperature", "temperature 1")
    (sample,) = evidence_on(asked, run(sensitivity=rows))
    assert sample.values == pytest.approx((19, 38, 57))


def test_distances_are_in_percent_of_carlini_wagner_on_raw_logits(run, claim):
    def distance(step, t, seed):
        return (1 + step) * (1 + seed) * t

    raw = {"logits": "raw", "norm": "l2"}
    rows = steps("penalized_mean", distance, attack="cw", **raw)
    rows += steps("penalized_mean", lambda *_: 7.0, attack="cw", logits="rescaled", norm="l2")
    rows += steps("penalized_mean", lambda *_: 8.0, attack="pgd", **raw)
    (sample,) = evidence_on(claim("mean minimal perturbation", "step 2", "step 1"), run(robustness=rows))
    assert sample.values == pytest.approx((50, 50, 50))
    assert sample.context == "ta, cw (L2)"
    asked = claim("mean minimal perturbation", "the highest temperature", "temperature 1")
    assert evidence_on(asked, run(robustness=rows))[0].values == pytest.approx((1900,) * 3)


def test_jsma_is_compared_between_a_step_and_a_temperature_each(run, claim):
    rows = steps("success_rate", lambda step, t, seed: 0.01 * t + 0.1 * step + 0.01 * seed * step, attack="jsma",
                 logits="raw")  # fmt: skip
    of, against = "step 1 at temperature 20", "step 0 at temperature 1"
    (sample,) = evidence_on(claim("success of JSMA", of, against), run(robustness=rows))
    assert sample.values == pytest.approx((29, 30, 31))
    assert evidence_on(claim("success of JSMA", "step 1 at temperature 100", against), run(robustness=rows)) == []


def worst(by_defense, arch="net", eps=0.3, **others):
    return [
        {"role": "teacher", "defense": defense, "arch": arch, "norm": "linf", "eps": eps, "seed": seed, "n": 200,
         "robust_accuracy": value, "missing": 0} | others
        for defense, values in by_defense.items()
        for seed, value in enumerate(values)
    ]  # fmt: skip


def test_robust_accuracy_is_the_worst_case_by_network_and_radius(run, claim):
    rows = worst({"madry": (0.9, 0.8, 0.7), "ce": (0.1, 0.0, 0.1)}) + worst({"madry": (0.99,), "ce": (0.9,)}, eps=0.1)
    rows += worst({"madry": (0.5, 0.5, 0.5), "ce": (0.5, 0.5, 0.5)}, arch="other", missing=1)
    found = evidence_on(claim("robust accuracy", "madry", "ce"), run(worst=rows))
    assert {it.context: it.values for it in found} == {
        "net, L∞ 0.3": pytest.approx((80, 80, 60)), "net, L∞ 0.1": pytest.approx((9,)),
    }  # fmt: skip
    assert [it.context for it in evidence_on(claim("robust accuracy", "madry", "ce", eps=0.3), run(worst=rows))] == [
        "net, L∞ 0.3"
    ]


def test_the_largest_network_has_most_parameters(run, claim):
    rows = worst({"madry": (0.9, 0.8, 0.7)}, arch="big") + worst({"madry": (0.5, 0.5, 0.6)}, arch="tiny")
    rows += worst({"madry": (0.1, 0.1, 0.1)}, arch="middle")
    models = [
        {"role": "teacher", "defense": "madry", "arch": arch, "parameters": size}
        for arch, size in (("tiny", 10), ("big", 1000), ("middle", 100))
    ]
    asked = claim("robust accuracy", "the largest network", "the smallest network", document="madry")
    (sample,) = evidence_on(asked, run(worst=rows, models=models))
    assert (sample.context, sample.values) == ("big against tiny, L∞ 0.3", pytest.approx((40, 30, 10)))
    assert evidence_on(asked, run(worst=rows[:3], models=models[:1])) == []
    rows[0]["missing"] = 1
    (sample,) = evidence_on(asked, run(worst=rows, models=models))
    assert sample.values == pytest.approx((30, 10)), "an attack is missing: the worst case may be worse"


def test_an_attack_from_the_copy_is_held_against_the_same_attack(run, claim):
    rows = [
        {"role": "teacher", "defense": defense, "arch": "net", "kind": "fixed_radius", "attack": attack, "seed": seed,
         "logits": origin, "robust_accuracy": value, "n": 100}
        for defense, attack, origin, values in (
            ("madry", "pgd", "raw", (0.7, 0.8)), ("madry", "pgd", "from_copy", (0.9, 0.9)),
            ("madry", "pgd", "from_plain", (0.95, 0.95)), ("madry", "fgsm", "raw", (0.6, 0.6)),
            ("ce", "pgd", "raw", (0.0, 0.0)), ("ce", "pgd", "from_copy", (0.5, 0.5)),
        )
        for seed, value in enumerate(values)
    ]  # fmt: skip
    (sample,) = evidence_on(
        claim("robust accuracy", "attacks on itself", "attacks from its copy"), run(robustness=rows)
    )
    assert sample.values == pytest.approx((-20, -10))
    assert sample.context == "madry, net, pgd"


def certificates(by_defense, certifier="published", arch="net", eps=0.1):
    return [
        {"role": "teacher", "defense": defense, "arch": arch, "certifier": certifier, "norm": "linf", "eps": eps,
         "seed": seed, "n": 1000, "certified_accuracy": value}
        for defense, values in by_defense.items()
        for seed, value in enumerate(values)
    ]  # fmt: skip


def test_a_robust_error_is_what_is_not_certified_by_the_papers_bound(run, claim):
    rows = certificates({"wong_kolter": (0.95, 0.94, 0.96), "ce": (0.0, 0.01, 0.0)})
    rows += certificates({"wong_kolter": (0.99, 0.99, 0.99)}, certifier="dual") + certificates({"ce": (1,)}, eps=0.2)
    (sample,) = evidence_on(claim("robust error bound", "ce", "wong_kolter"), run(certificates=rows))
    assert sample.values == pytest.approx((95, 93, 96))
    (printed,) = evidence_on(claim("robust error bound", "wong_kolter", "5.8 %", eps=0.1), run(certificates=rows))
    assert printed.values == pytest.approx((-0.8, 0.2, -1.8))
    rows += certificates({"wong_kolter": (0.5, 0.5, 0.5), "ce": (0, 0, 0)}, eps=0.3)
    found = evidence_on(claim("robust error bound", "ce", "wong_kolter", eps=0.3), run(certificates=rows))
    assert [(it.context, it.values) for it in found] == [("net, published, L∞ 0.3", about((50, 50, 50)))]


def test_networks_are_compared_under_the_same_training(run, claim):
    rows = certificates({"near": (0.7, 0.7)}, arch="big") + certificates({"near": (0.5, 0.6)}, arch="tiny")
    (sample,) = evidence_on(claim("robust error bound", "big", "tiny"), run(certificates=rows))
    assert sample.values == pytest.approx((-20, -10))
    assert sample.context == "near, published, L∞ 0.1"


def test_a_cascade_is_held_against_its_first_network(run, claim):
    rows = [
        {"cascade": "near_3", "arch": "net", "networks": networks, "certifier": "dual", "norm": "linf", "eps": 0.1,
         "seed": seed, "n": 500, "paper_robust_error": 0.3 - 0.05 * networks - 0.01 * seed,
         "standard_error": 0.01 * networks * (1 + seed)}
        for networks in (1, 2, 3) for seed in (0, 1)
    ]  # fmt: skip
    (robust,) = evidence_on(claim("robust error", "cascade", "its first network"), run(cascades=rows))
    assert robust.values == pytest.approx((-10, -10))
    (error,) = evidence_on(claim("error", "cascade", "its first network"), run(cascades=rows))
    assert error.values == pytest.approx((2, 4))
    assert evidence_on(claim("error", "cascade", "its first network"), run(cascades=rows[:2])) == []


def test_a_claim_about_other_data_finds_nothing(run, claim):
    rows = teachers("test_accuracy", {"ce": (0.9,), "cmim": (0.93,)})
    assert evidence_on(claim("teacher accuracy", "cmim", "ce", data="mnist"), run(models=rows))
    assert evidence_on(claim("teacher accuracy", "cmim", "ce", data="imagenet"), run(models=rows)) == []


def test_every_quantity_has_a_test_here():
    told = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{name}"' in told for name in QUANTITIES)
