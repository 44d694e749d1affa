"""Of networks that have settings of their own, each is judged by those, and no two networks are compared."""

import pytest

from distillab.scoreboard.quantities import evidence_on
from distillab.scoreboard.settings import key_on

SETTINGS = {
    "ast": {"name": "ast", "weight": 3, "pairing": "unrelated", "networks": ["wide"]},
    "ast_deep": {"name": "ast", "weight": 4, "pairing": "unrelated", "networks": ["deep"]},
    "ast_alike_deep": {"name": "ast", "weight": 4, "pairing": "same", "networks": ["deep"]},
    "nt": {"name": "nt", "networks": []},
    "snt": {"name": "snt", "networks": ["deep"]},
}
NETWORKS = {f"{defense}-{net}": net for defense in SETTINGS for net in ("wide", "deep", "flat")}


@pytest.fixture
def several(run):
    """Tables of three teacher networks, of which one defense has settings for two."""

    def of(**frames):
        tables = run({"params": {"data": {"name": "mnist"}, "defenses": SETTINGS}}, **frames)
        tables.__dict__["networks"] = NETWORKS
        return tables

    return of


@pytest.mark.parametrize(
    ("key", "network", "expected"),
    [
        ("ast", "wide", "ast"),
        ("ast", "deep", "ast_deep"),
        ("ast", "flat", "ast"),
        ("ast_alike_deep", "deep", "ast_alike_deep"),
        ("nt", "deep", "nt"),
        ("nobody", "deep", "nobody"),
    ],
)
def test_a_network_has_the_settings_that_are_meant_for_it(several, key, network, expected):
    assert key_on(several(), key, network) == expected


def knockoff(defense, net, accuracy, seed):
    return {"role": "knockoff", "thief": "paper", "teacher": f"{defense}-{net}", "arch": "small", "defense": defense,
            "attack": "kd", "seed": seed, "test_accuracy": accuracy, "test_n": 100}  # fmt: skip


@pytest.mark.parametrize("quantity", ["knockoff accuracy", "knockoff accuracy by KD"])
def test_knockoffs_of_one_network_are_never_held_against_those_of_another(several, claim, quantity):
    """All students are of one network, and those of the deep teacher are 30 points worse whatever was done to it."""
    rows = [
        knockoff(defense, net, level + gain + 0.01 * seed * (defense == "nt"), seed)
        for net, level, own in (("wide", 0.8, "ast"), ("deep", 0.5, "ast_deep"), ("flat", 0.3, "snt"))
        for defense, gain in ((own, 0.05), ("nt", 0.02), ("ast_alike_deep", 0.1))
        for seed in (0, 1)
    ]
    found = evidence_on(claim(quantity, "ast", "nt", "lower"), several(models=rows))
    assert {it.context: it.values for it in found} == {
        "papers' thief, wide → small": pytest.approx((3, 2)), "papers' thief, deep → small": pytest.approx((3, 2)),
    }  # fmt: skip


def test_a_best_attack_is_told_with_both_networks(several, claim):
    rows = [
        {"thief": "paper", "teacher": f"{defense}-{net}", "defense": defense, "student": "small", "best_attack": "kd",
         "best_delta": gain, "lower": gain - 0.01, "upper": gain + 0.01, "seeds": 5, "missing": 0,
         "verdict": "distillable"}
        for defense, net, gain in (("ast", "wide", 0.02), ("ast_deep", "deep", 0.03), ("ast_alike_deep", "deep", 0.04))
    ]  # fmt: skip
    found = evidence_on(claim("knockoff accuracy", "best attack on ast", "LS student"), several(verdicts=rows))
    assert {it.context.split(", kd")[0]: it.value for it in found} == {
        "papers' thief, wide → small": pytest.approx(2), "papers' thief, deep → small": pytest.approx(3),
    }  # fmt: skip


def of_networks(column, **others):
    """Of each network the settings meant for it, and the other defense's number beside it."""
    return [
        {"model": f"{defense}-{net}", "role": "teacher", "defense": defense, "arch": net, "seed": 0, column: value}
        | others
        for defense, net, value in (
            ("ast", "wide", 0.9), ("nt", "wide", 0.8), ("ast_deep", "deep", 0.7), ("nt", "deep", 0.5),
            ("ast_alike_deep", "deep", 0.1), ("nt", "flat", 0.2),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("quantity", "table", "column"),
    [
        ("teacher accuracy", "models", "test_accuracy"),
        ("robust accuracy", "worst", "robust_accuracy"),
        ("robust error bound", "certificates", "certified_accuracy"),
    ],
)
def test_teachers_are_compared_network_by_network(several, claim, quantity, table, column):
    images = {"test_n": 100} if table == "models" else {"n": 100}
    rows = of_networks(column, certifier="dual", norm="linf", eps=0.1, missing=0, **images)
    tables = several(**{table: rows})
    tables.facts["params"]["certification"] = {"certifiers": {"dual": {}}}
    found = evidence_on(claim(quantity, "ast", "nt"), tables)
    sign = -1 if table == "certificates" else 1
    assert [it.values for it in found] == [pytest.approx((sign * 10,)), pytest.approx((sign * 20,))]


def test_times_are_of_the_networks_own_settings(several, claim):
    rows = of_networks("test_accuracy")
    seconds = {"ast-wide": 2.0, "nt-wide": 1.0, "ast_deep-deep": 6.0, "nt-deep": 2.0, "ast_alike_deep-deep": 9.0}
    tables = several(models=rows)
    tables.facts["teacher_step_seconds"] = seconds
    found = evidence_on(claim("training time", "ast", "nt"), tables)
    assert {it.context: it.values for it in found} == {"wide": pytest.approx((100,)), "deep": pytest.approx((200,))}
