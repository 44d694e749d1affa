"""Tables made of a few rows, without files."""

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from distillab.reporting.reported import Reported
from distillab.reporting.tables import Tables
from distillab.tables import TABLES

KINDS = {
    "ce": "unprotected", "ls": "smoothed", "nt": "nasty", "snt": "nasty", "st": "sparse", "ast": "adversarial_sparse",
    "ast_clean": "adversarial_sparse", "cmim": "concentrated", "cmim_flat": "concentrated", "madry": "adversarial",
    "cmim_anchored": "concentrated", "trades": "adversarial", "trades_1": "adversarial", "trades_6": "adversarial",
    "robust": "adversarial", "strong": "adversarial", "weak": "adversarial", "wk": "certified",
    "mad": "perturbed", "mad_argmax": "perturbed", "rsp": "perturbed",
}  # fmt: skip
"""What the defenses of these tests do, by key."""

FACTS = {
    "methods": {
        "defenses": {key: {"label": key, "grade": "V", "paper": "", "kind": kind} for key, kind in KINDS.items()}
    },
    "title": "Digits",
    "standin": "",
    "test_n": 1000,
    "margin": 0.001,
    "seeds": [0, 1, 2],
    "class_names": list("abc"),
    "intake": {},
    "train_n": 400,
    "val_n": 100,
    "thieves": {
        key: {"labels": labels, "queries": queries, "answers": answers, "data": "", "seeds": [0, 1, 2]}
        for key, labels, queries, answers in (
            ("paper", "all", "labeled", "probabilities"),
            ("poor", 60, "all", "probabilities"),
            ("told", 60, "all", "label"),
            ("labels_20", 20, "none", "probabilities"),
        )
    },
    "decide": {"alpha": 0.05, "looks": [3, 8], "margin": 0.001},
    "stage_seconds": {"knockoff": 40.0},
    "environments": [{"stages": {"knockoff": 20, "teach": 3}}],
    "cells_planned": 9,
    "cells_done": 9,
    "missing": [],
}


def _frame(rows, columns):
    """Rows with every column that a report relies on, and their own."""
    own = rows[0] if rows else ()
    return pd.DataFrame(rows, columns=list(dict.fromkeys([*columns, *own])))


@pytest.fixture
def tables_of():
    """A function from rows by table, and facts, to tables; every other table is empty."""

    def make(facts=None, **rows):
        made = Tables("nowhere")
        made._frames = {name: _frame(rows.get(name, []), TABLES[name].names).infer_objects() for name in TABLES}
        made.__dict__["facts"] = FACTS | (facts or {})
        return made

    return make


@pytest.fixture
def papers():
    return Reported(Path(__file__).parents[3] / "reports" / "reported")


@pytest.fixture
def teacher():
    """A function to a row of ``models`` that is a teacher."""

    def make(defense, label="", *, arch="net", grade="V", seed=0, **more):
        row = {"model": f"{defense}-{arch}", "role": "teacher", "defense": defense, "defense_label": label or defense}
        row |= {"arch": arch, "grade": grade, "seed": seed, "attack": "", "test_accuracy": 0.9, "test_n": 1000}
        row |= {"thief": ""}
        return row | more

    return make


@pytest.fixture
def knockoff():
    """A function to a row of ``knockoff``."""

    def make(defense, attack, label="", *, arch="net", student="small", **more):
        row = {"defense": defense, "defense_label": label or defense, "grade": "V", "teacher": f"{defense}-{arch}"}
        row |= {"thief": "paper", "agreement": 0.9, "agreement_low": 0.88, "agreement_high": 0.92, "control_seeds": 3}
        row |= {"attack": attack, "attack_label": attack.upper(), "attack_grade": "V", "in_paper": True}
        row |= {"student": student, "seeds": 3, "test_n": 1000, "knockoff_accuracy": 0.8, "knockoff_low": 0.79,
                "knockoff_high": 0.81, "ls_smoothing": 0.1, "ls_accuracy": 0.78, "ls_low": 0.77, "ls_high": 0.79,
                "delta": 0.02, "delta_low": 0.01, "delta_high": 0.03, "queries": 500,
                "responses": "cached", "missing": 0}  # fmt: skip
        return row | more

    return make


@pytest.fixture
def verdict():
    """A function to a row of ``verdicts``; ``paper`` replaces columns of the verdict over the paper's attacks."""

    def make(defense, decision, *, student="small", arch="net", paper=None, **more):
        own = {"verdict": decision, "literal": True, "best_attack": "kd", "best_delta": 0.02, "lower": 0.01,
               "upper": 0.03, "seeds": 3, "attacks": 2, "reason": "", "price_seeds": float("nan"),
               "price_runs": float("nan"), "missing": 0} | more  # fmt: skip
        own = {"share_removed": None, "share_low": None, "share_high": None, "protects": None,
               "protection_reason": None, "cost": None, "cost_low": None, "cost_high": None} | own  # fmt: skip
        others = {f"paper_{name}": value for name, value in (own | {"attacks": 1} | (paper or {})).items()}
        where = {"thief": "paper", "defense": defense, "defense_label": defense, "teacher": f"{defense}-{arch}"}
        where |= {"student": student, "margin": 0.001, "control_seeds": 3}
        return where | others | own

    return make


@pytest.fixture
def controls():
    """A function to a row of ``labels``."""

    def make(thief, labels, accuracy, role="ls_student", *, student="small", **more):
        row = {"thief": thief, "role": role, "student": student, "labels": labels, "accuracy": accuracy, "seeds": 3}
        return row | {"low": accuracy - 0.01, "high": accuracy + 0.01, "test_n": 1000} | more

    return make
