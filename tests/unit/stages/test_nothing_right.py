"""Tables of teachers that classify no test image correctly, and of data with fewer classes than a triangle has."""

import numpy as np
import pytest

from distillab.tables import responses, simplex

pytestmark = pytest.mark.filterwarnings("error")

TWO_DEFENSES = {"ce": {"name": "ce"}, "ls": {"name": "ls", "eps": 0.1}}


def run_of(made_up, **share):
    """Teachers of two defenses that are right on these shares of the 20 test images."""
    found = made_up(TWO_DEFENSES)
    for defense, test in share.items():
        found.add("teacher", seed=0, defense=defense, test=test)
    return {(row["defense"], row["temperature"]): row for row in responses.rows(found)}


def test_a_teacher_without_a_right_answer_has_n_zero_and_no_measure(made_up):
    rows = run_of(made_up, ce=0.25, ls=0.0)
    for temperature in responses.TEMPERATURES:
        wrong, other = rows["ls", temperature], rows["ce", temperature]
        assert (wrong["n"], other["n"]) == (0, 5)
        assert all(np.isnan(wrong[name]) for name in responses.MEASURED)
        assert all(np.isfinite(other[name]) for name in responses.MEASURED)
        assert wrong.keys() == other.keys()
    assert rows["ce", 1.0]["kl_from_plain"] == 0


def test_right_answers_are_measured_even_where_the_unprotected_teacher_has_none(made_up):
    rows = run_of(made_up, ce=0.0, ls=0.5)
    assert rows["ls", 1.0]["n"] == 10
    assert rows["ls", 1.0]["kl_from_plain"] > 1
    assert np.isnan(rows["ce", 1.0]["kl_from_plain"])


def test_two_classes_have_no_triangle(made_up, monkeypatch):
    found = made_up(TWO_DEFENSES)
    found.add("teacher", seed=0, defense="ce", test=0.5)
    assert len(simplex.rows(found)) == 3 * 3 * 5, "5 images of each of 3 classes, at 3 powers"
    names = type(found.sidecar("data-images"))(results={"class_names": ["a", "b"]})
    monkeypatch.setattr(found, "sidecar", lambda _member: names)
    assert simplex.rows(found) == []
