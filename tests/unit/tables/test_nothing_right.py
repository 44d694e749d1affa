"""Tables of teachers that classify no test image correctly, and of data with fewer classes than a triangle has."""

import numpy as np
import pytest

from distillab.tables import responses, simplex

pytestmark = pytest.mark.filterwarnings("error")


def rows_of(made_up, **right):
    """Teachers of two defenses that are right on so many of the 10 test images."""
    found = made_up(("ce", "ls"))
    for defense, images in right.items():
        found.teacher(defense, test=images)
    return {(row["defense"], row["temperature"]): row for row in responses.rows(found)}


def test_a_teacher_without_a_right_answer_has_n_zero_and_no_measure(made_up):
    rows = rows_of(made_up, ce=3, ls=0)
    for temperature in responses.TEMPERATURES:
        wrong, other = rows["ls", temperature], rows["ce", temperature]
        assert (wrong["n"], other["n"]) == (0, 3)
        assert all(np.isnan(wrong[name]) for name in responses.MEASURED)
        assert all(np.isfinite(other[name]) for name in responses.MEASURED)
        assert wrong.keys() == other.keys()
    assert rows["ce", 1.0]["kl_from_plain"] == 0


def test_right_answers_are_measured_even_where_the_unprotected_teacher_has_none(made_up):
    rows = rows_of(made_up, ce=0, ls=5)
    assert rows["ls", 1.0]["n"] == 5
    assert rows["ls", 1.0]["kl_from_plain"] > 0.1
    assert np.isnan(rows["ce", 1.0]["kl_from_plain"])


@pytest.mark.parametrize(("classes", "corners"), [(2, 0), (3, 3), (4, 3)])
def test_two_classes_have_no_triangle_and_three_have_one(made_up, classes, corners):
    labels = {"train": [0, 1], "val": [0, 1], "test": [*range(classes)] * 5}
    found = made_up(("ce",), labels=labels)
    found.make("prepare", "data-images", results={"class_names": list("abcd"[:classes])})
    found.make("prepare", "data-split")
    found.teacher("ce", test=np.tile(np.eye(classes) + 0.1, (5, 1)) / (1 + 0.1 * classes))
    assert len(simplex.rows(found)) == 3 * corners * 5, "5 images of each corner's class, at 3 powers"
