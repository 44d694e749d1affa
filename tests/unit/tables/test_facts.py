"""What is true of a run as a whole: counts, names, doubts."""

import pytest
from made_run import deciding, means

from distillab.tables import facts

DATA = {
    "title": "Digits", "standin": "for MNIST", "shape": [1, 8, 8], "classes": 10, "license": "free", "source": "web",
    "split_rule": "by number", "bytes": 7,
}  # fmt: skip
METHODS = {"attacks": {"pgd": {"label": "PGD"}}, "certifiers": {"ibp": {"label": "IBP"}}}


@pytest.fixture
def results(made_up):
    """A teacher, two knockoffs, three attacks and one certificate, of a data set of its own names."""
    found = made_up(("ce",), data=DATA, **METHODS)
    found.workspace.plan.params["seeds"] = [0, 1]
    found.make(
        "prepare",
        "data-images",
        results={"class_names": ["a", "b", "c", "d"], "intake": {"read": 3}},
        run={"seconds": 100.0},
    )
    found.make("prepare", "data-split", results={"counts": {"train": 14, "val": 8, "test": 10}}, run={"seconds": 200.0})
    teacher = found.teacher("ce", run={"seconds": 2.0})
    for attack in ("kd", "rkd"):
        found.knockoff(attack, teacher, run={"seconds": 0.25})
    found.ls_student(0.1, run={"seconds": 4.0})
    return found


def asked(results, stage, name, **given):
    return results.make(stage, name, axes={"attack": name, "certifier": name}, parents={"model": "ce-wide-s0"}, **given)


def test_everything_that_reports_say_of_a_run(results, same_row, monkeypatch):
    for stage, name in (("attack", "a1"), ("attack", "a2"), ("attack", "a3"), ("certify", "c1"), ("measure", "m")):
        asked(results, stage, name)
    monkeypatch.setattr(facts.robustness, "rows", lambda _results: [])
    same_row(facts.content(results), {
        "preset": "made", "title": "Digits", "standin": "for MNIST", "shape": [1, 8, 8], "classes": 10,
        "license": "free", "source": "web", "split_rule": "by number", "class_names": ["a", "b", "c", "d"],
        "intake": {"read": 3}, "train_n": 14, "val_n": 8, "test_n": 10, "seeds": [0, 1], "margin": 0.1,
        "thieves": {"paper": means("all", queries="labeled")}, "decide": deciding(),
        "params": {"defenses": {"ce": {"name": "ce"}}},
        "methods": {
            "defenses": {"ce": {"label": "CE", "grade": "of ce", "kind": "unprotected"}},
            "knockoffs": {"kd": {"label": "KD", "grade": "of kd", "in_paper": True}}, **METHODS,
        },
        "cells_planned": 6, "cells_done": 6, "missing": [], "impossible": [], "flags": [],
        "command": "snakemake --cores all",
    })  # fmt: skip


def test_doubts_are_told_per_model(results, monkeypatch):
    """The largest share over attacks and seeds; no share at all is no doubt."""
    rows = [
        {"model": model, "zero_gradient": zero, "randomized_forward": random}
        for model, zero, random in [
            ("ce", 0.125, False), ("st", None, False), ("ce", 0.5, False), ("st", 0.0, False), ("ls", 0.0, False),
            ("ls", None, True), ("ce", 0.25, False), ("ast", 0.001, True),
        ]
    ]  # fmt: skip
    monkeypatch.setattr(facts.robustness, "rows", lambda _results: rows)
    assert facts.content(results)["flags"] == [
        "ce: the gradient is zero on up to 50.0% of the images",
        "ls: two forward passes differ",
        "ast: the gradient is zero on up to 0.1% of the images",
        "ast: two forward passes differ",
    ]
