"""What is true of a run as a whole: counts, times, environments, doubts, DVC's metrics."""

import subprocess

import pytest

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
    found.make("prepare", "data-images", results={"class_names": ["a", "b", "c", "d"]}, run={"seconds": 100.0})
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
    plan = results.workspace.plan
    same_row(facts.facts(results), {
        "preset": "made", "title": "Digits", "standin": "for MNIST", "shape": [1, 8, 8], "classes": 10,
        "license": "free", "source": "web", "split_rule": "by number", "class_names": ["a", "b", "c", "d"],
        "train_n": 14, "val_n": 8, "test_n": 10, "seeds": [0, 1], "margin": 0.1, "params": plan.params,
        "methods": {
            "defenses": {"ce": {"label": "CE", "grade": "of ce"}},
            "knockoffs": {"kd": {"label": "KD", "grade": "of kd", "in_paper": True}}, **METHODS,
        },
        "cells_planned": 6, "cells_done": 6, "missing": [], "flags": [], "command": "snakemake --cores all",
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
    assert facts.facts(results)["flags"] == [
        "ce: the gradient is zero on up to 50.0% of the images",
        "ls: two forward passes differ",
        "ast: the gradient is zero on up to 0.1% of the images",
        "ast: two forward passes differ",
    ]


def test_seconds_are_summed_by_stage_and_environments_counted(results, same_row, monkeypatch):
    """Payloads without a place of their own, tables and pages are not counted; data has an environment and no time."""
    asked(results, "attack", "a1", run={"seconds": 0.1234}, environment={"device": "cuda"})
    asked(results, "attack", "a2", run={"seconds": 0.5}, environment={"device": "cuda"})
    asked(results, "answer", "stored", run={"seconds": 50.0}, path="")
    asked(results, "collect", "table", run={"seconds": 60.0})
    asked(results, "report", "page", run={"seconds": 70.0})
    monkeypatch.setattr(facts, "commit", lambda: "abc+")
    monkeypatch.setattr(facts.certificates, "cost_rows", lambda _results: [{"model": "ce"}])
    row = facts.run(results)
    environments = row.pop("environments")
    same_row(row, {
        "stage_seconds": {"teach": 2.0, "knockoff": 0.5, "baseline": 4.0, "attack": 0.623},
        "teacher_seconds": {"ce-wide": 2.0}, "teacher_fixed_seconds": {}, "teacher_step_seconds": {},
        "certificate_costs": [{"model": "ce"}], "commit": "abc+",
    })  # fmt: skip
    assert [(each["environment"], each["payloads"]) for each in environments] == [({}, 6), ({"device": "cuda"}, 2)]


def test_times_are_means_over_the_seeds_of_a_teacher_that_has_them(made_up):
    found = made_up(("ce", "st"))
    found.teacher("ce", seed=0, run={"seconds": 2.0, "step_seconds": 0.1, "fixed_seconds": 7.0})
    found.teacher("ce", seed=1, run={"seconds": 5.0, "step_seconds": 0.3})
    teacher = found.teacher("st", seed=0, run={"seconds": 1 / 3})
    found.knockoff("kd", teacher, run={"seconds": 9.0, "step_seconds": 9.0})
    assert facts.teacher_seconds(found, "seconds") == {"ce-wide": 3.5, "st-wide": 0.333333}
    assert facts.teacher_seconds(found, "step_seconds") == {"ce-wide": 0.2}
    assert facts.teacher_seconds(found, "fixed_seconds") == {"ce-wide": 7.0}


def test_metrics_are_means_over_seeds_by_model_and_question(made_up, monkeypatch):
    """Of three models: accuracy by model, knockoffs by teacher, success by attack and view, certificates by radius."""
    found = made_up(("ce", "st"))
    for seed, ls, kd in ((0, 3, 5), (1, 4, 5), (2, 6, 9)):
        found.ls_student(0.1, seed=seed, test=ls)
        for defense, more in (("ce", 0), ("st", -4)):
            found.knockoff("kd", found.teacher(defense, seed=seed, test=10 - seed), test=kd + more)
    attacked = [
        {"model": model, "attack": attack, "logits": logits, "seed": seed, "success_rate": rate}
        for model, attack, logits, seed, rate in [
            ("ce-wide", "pgd", "raw", 0, 0.5), ("ce-wide", "pgd", "rescaled", 1, 0.9),
            ("ce-wide", "pgd", "raw", 1, 0.25), ("ce-wide", "cw", "raw", 0, None), ("st-wide", "pgd", "raw", 0, 1 / 3),
            ("ce-wide", "pgd", "raw", 2, None),
        ]
    ]  # fmt: skip
    certified = [
        {"model": model, "certifier": certifier, "eps": eps, "seed": seed, "certified_accuracy": share}
        for model, certifier, eps, seed, share in [
            ("ce-wide", "ibp", 0.1, 0, 0.5), ("ce-wide", "ibp", 0.25, 0, 0.2), ("ce-wide", "ibp", 0.1, 1, 0.75),
            ("ce-wide", "crown", 0.1, 0, 0.8), ("st-wide", "ibp", 0.1, 1, 0.1),
        ]
    ]  # fmt: skip
    monkeypatch.setattr(facts.robustness, "rows", lambda _results: attacked)
    monkeypatch.setattr(facts.certificates, "rows", lambda _results: certified)
    assert facts.metrics(found) == {"made": {
        "verdict": {"ce-wide": {"thin": "distillable"}, "st-wide": {"thin": "undistillable"}},
        "knockoff": {
            "ce-wide": {"kd-thin": {"accuracy": 0.633333, "delta": 0.2}},
            "st-wide": {"kd-thin": {"accuracy": 0.233333, "delta": -0.2}},
        },
        "accuracy": {
            "ls0.1-thin": 0.433333, "ce-wide": 0.9, "ce-wide--kd-thin": 0.633333,
            "st-wide": 0.9, "st-wide--kd-thin": 0.233333,
        },
        "robustness": {
            "ce-wide": {"pgd": 0.375, "pgd-rescaled": 0.9, "cw": None}, "st-wide": {"pgd": 0.333333},
        },
        "certified": {
            "ce-wide": {"ibp-0.1": 0.625, "ibp-0.25": 0.2, "crown-0.1": 0.8}, "st-wide": {"ibp-0.1": 0.1},
        },
    }}  # fmt: skip


def git(*words):
    name = ("-c", "user.name=n", "-c", "user.email=e@x")
    return subprocess.run(["git", *name, *words], capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_has_a_plus_where_files_differ_from_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert facts.commit() == ""
    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    assert facts.commit() == git("rev-parse", "--short", "HEAD")
    (tmp_path / "file").write_text("two")
    assert facts.commit() == git("rev-parse", "--short", "HEAD") + "+"


def test_without_git_there_is_no_commit(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert facts.commit() == ""
