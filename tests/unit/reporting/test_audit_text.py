"""What an audit says: each sentence from the row that it is about, with its bounds, and no more than these show."""

from math import nan

import pytest

from conftest import FACTS, KINDS
from distillab.reporting.audit_text import advice, audit_clauses
from distillab.tables.thefts import BROUGHT

OWN = {"thief": "poor"}


@pytest.fixture
def read(tables_of, verdict, knockoff):
    """A function from the model's verdict, whether there is a control, and protections, to the tables of an audit."""
    methods = {key: {"label": key, "grade": "V", "paper": "", "kind": kind} for key, kind in KINDS.items()}
    methods["mine"] = {"label": "mine", "grade": "V", "paper": "", "kind": BROUGHT}

    def make(said, *, controlled=True, protections=(), **more):
        verdicts = [verdict("mine", said, **OWN | more)]
        verdicts += [verdict("ce", "distillable", **OWN)] if controlled else []
        cells = [knockoff("mine", "kd", **OWN), knockoff("ce", "kd", **OWN)]
        facts = FACTS | {"methods": {"defenses": methods}}
        return tables_of(facts, verdicts=verdicts, knockoff=cells, protections=list(protections))

    return make


def protection(share, low, high, *, protects, cost=0.002, cost_low=-0.002, cost_high=0.006):
    """A row of ``protections``, of a wrapper around the model."""
    return {
        "thief": "poor", "defense": "mine", "teacher": "mine-net", "student": "small", "protection": "mad",
        "is_form": False, "share_removed": share, "share_low": low, "share_high": high, "protects": protects,
        "protection_reason": "kd keeps more", "cost": cost, "cost_low": cost_low, "cost_high": cost_high,
        "flip_rate": 0.01, "change_l1": 0.3, "gain": -0.003, "best_attack": "kd", "missing": 0, "seeds": 3,
    }  # fmt: skip


def advised(tables):
    return advice(tables).text


def test_a_price_that_is_not_known_decides_nothing(read):
    said = audit_clauses(read("undecided", seeds=2))[0]
    assert said.endswith("over the same thief without answers (price not known)")
    priced = audit_clauses(read("undecided", price_seeds=8.0, price_runs=10.0))[0]
    assert "; 8 seeds, 10 knockoffs, 20.0 s would probably decide" in priced


def test_one_attack_is_one_attack(read):
    assert "by this one attack of" in audit_clauses(read("undistillable", attacks=1))[0]
    assert "by these 2 attacks of" in audit_clauses(read("undistillable", attacks=2))[0]


def test_a_control_that_is_not_there_is_not_said_not_to_leak(read):
    assert "but neither is the control" in audit_clauses(read("no control"))[0]
    assert "but there is no control that does" in audit_clauses(read("no control", controlled=False))[0]


def test_what_protection_costs_has_a_word_for_its_sign_and_its_bounds(read):
    lost = advised(read("distillable", protections=[protection(0.9, 0.7, 1.05, protects=True)]))
    assert (
        "Mad would protect: 90.0 % [70.0, 105] of the leak is gone; accuracy falls by 0.20 points [−0.20, +0.60];"
        in (lost)
    )
    kept = protection(0.9, 0.7, 1.05, protects=True, cost=-0.002, cost_low=-0.006, cost_high=0.002)
    assert "accuracy rises by 0.20 points [−0.20, +0.60]" in advised(read("distillable", protections=[kept]))


def test_a_share_beyond_the_leak_is_told_with_the_bound_that_speaks_against_it(read):
    more = advised(read("distillable", protections=[protection(1.2, 0.15, 2.0, protects=False)]))
    assert "is not shown to protect: by estimate the whole leak [at least 15.0 % of it] is gone; KD is left" in more
    less = advised(read("distillable", protections=[protection(-0.2, -0.6, 0.4, protects=False)]))
    assert "would not protect: none of the leak [at most 40.0 % of it] is gone; KD is left with a gain of −0.30" in less
    sure = advised(read("distillable", protections=[protection(1.2, 1.1, 2.0, protects=True)]))
    assert "would protect: the whole leak is gone;" in sure, "no share of it is left to bound"
    unbounded = advised(read("distillable", protections=[protection(1.2, nan, nan, protects=False)]))
    assert "by estimate the whole leak is gone;" in unbounded
