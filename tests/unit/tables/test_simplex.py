"""Answers on the triangle: which classes are shown, of which teachers and images, and where the points lie."""

import numpy as np
import pytest

from distillab.tables import simplex

HEIGHT = np.sqrt(3) / 2
LABELS = {"train": [0, 1, 2, 3], "val": [0, 1, 2, 3], "test": [2, 0, 3, 2, 1, 3]}
PLAIN = [
    (0.30, 0.10, 0.40, 0.20),
    (0.90, 0.04, 0.03, 0.03),
    (0.05, 0.10, 0.15, 0.70),
    (0.40, 0.00, 0.50, 0.10),
    (0.10, 0.80, 0.05, 0.05),
    (0.10, 0.30, 0.10, 0.50),
]
"""Class 2 has the least left for itself, 0.45 in the mean; beside it its images name class 0, then class 3."""

OTHER = np.roll(PLAIN, 1, axis=1)
"""Of another teacher, which confuses other classes."""


@pytest.fixture
def results(made_up):
    """The second network and the second seed are not shown; nor are students."""
    found = made_up(("ce", "ls"), labels=LABELS)
    found.teacher("ce", seed=7, test=PLAIN)
    found.teacher("ce", seed=3, test=OTHER)
    found.teacher("ce", seed=7, net="slim", test=OTHER)
    found.knockoff("kd", found.teacher("ls", seed=7, test=OTHER), test=OTHER)
    found.make("prepare", "data-images", results={"class_names": ["cat", "dog", "bird", 3]})
    return found


def on_triangle(answer, power):
    """Corners of classes 0, 2 and 3, weighted by the powered shares."""
    first, second, third = (answer[c] ** power for c in (0, 2, 3))
    total = first + second + third
    return (second + third / 2) / total, HEIGHT * third / total


def test_every_point_of_the_first_seeds_teachers(results, same_row):
    """Image by image of the three shown classes, class after class, power after power."""
    expected = [
        {
            "defense": defense, "teacher": f"{defense}-wide", "seed": 7, "power": power, "label": label, "name": name,
            "corners": ["cat", "bird", "3"], **dict(zip("xy", on_triangle(said[image], power), strict=True)),
        }
        for defense, said in (("ce", PLAIN), ("ls", OTHER))
        for power in (0.25, 1.0, 4.0)
        for label, name, image in ((0, "cat", 1), (2, "bird", 0), (2, "bird", 3), (3, "3", 2), (3, "3", 5))
    ]  # fmt: skip
    rows = simplex.rows(results)
    assert len(rows) == len(expected) == 2 * 3 * 5
    for row, wanted in zip(rows, expected, strict=True):
        same_row(row, wanted)


def test_of_each_class_sixty_images_are_shown(made_up):
    found = made_up(("ce",), labels=LABELS | {"test": [0] * 61 + [1] * 5 + [2] * 60 + [3] * 2})
    found.teacher("ce", test=[(0.4, 0.3, 0.25, 0.05)] * 61 + [(0.1, 0.7, 0.1, 0.1)] * 67)
    found.make("prepare", "data-images", results={"class_names": list("abcd")})
    rows = [row for row in simplex.rows(found) if row["power"] == 1.0]
    assert {name: sum(row["name"] == name for row in rows) for name in "abcd"} == {"a": 60, "b": 5, "c": 60, "d": 0}


def test_a_class_without_test_images_is_no_class_of_the_widest_answers(made_up):
    """Class 0 has no image, and class 3 the least left for itself; it names 1 and 2 beside itself."""
    found = made_up(("ce",), labels=LABELS | {"test": [1, 2, 3]})
    found.teacher("ce", test=[(0.1, 0.7, 0.1, 0.1), (0.1, 0.1, 0.6, 0.2), (0.05, 0.3, 0.25, 0.4)])
    found.make("prepare", "data-images", results={"class_names": list("abcd")})
    assert simplex.rows(found)[0]["corners"] == ["b", "c", "d"]


def test_without_teachers_or_test_images_nothing_is_drawn(made_up):
    assert simplex.rows(made_up()) == []
    empty = made_up(("ce",), labels=LABELS | {"test": []})
    empty.teacher("ce")
    assert simplex.rows(empty) == []


@pytest.mark.parametrize(("classes", "rows"), [(2, 0), (3, 3 * 3)])
def test_three_classes_have_a_triangle_and_two_have_none(made_up, classes, rows):
    """Three images, each at three powers."""
    found = made_up(("ce",), labels=LABELS | {"test": [0, 1, classes - 1]})
    found.teacher("ce", test=[[0.5, 0.3, 0.2][:classes], [0.2, 0.7, 0.1][:classes], [0.3, 0.3, 0.4][:classes]])
    found.make("prepare", "data-images", results={"class_names": list("abc")[:classes]})
    assert len(simplex.rows(found)) == rows


def test_projection_of_the_specified_point():
    point = simplex.project(np.log([[0.5, 0.2, 0.05, 0.25]]), np.array([0, 1, 3]), 1.0)
    np.testing.assert_allclose(point, [[0.342105, 0.227901]], atol=1e-6)


@pytest.mark.parametrize("power", simplex.POWERS)
def test_exact_zeros_are_corners_edges_and_the_middle(power):
    with np.errstate(divide="ignore"):
        log_probs = np.log([[1.0, 0, 0, 0], [0, 0, 1.0, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 1.0]])
    points = simplex.project(log_probs, np.array([0, 1, 2]), power)
    np.testing.assert_allclose(points, [(0, 0), (0.5, HEIGHT), (0.5, 0), (0.5, HEIGHT / 3)], atol=1e-12)


def test_answers_beyond_float32_keep_their_order():
    points = simplex.project(np.float32([[-800.0, -801.0, -900.0]]), np.array([0, 1, 2]), 1.0)
    share = 1 / (1 + np.e)
    np.testing.assert_allclose(points, [(share, 0)], atol=1e-9)
