"""The table ``cmi``: one value per power and class."""

import by_hand
import numpy as np
import pytest

from distillab.tables import cmi

POWERS = (0.0, 0.5, 2.0)
LABELS = {"train": [0, 1, 1, 2, 0, 3, 1, 0, 3, 1], "val": [0, 1, 2, 3], "test": [3, 0, 2, 1, 1, 2, 2]}
COUNTS = {"train": (3, 4, 1, 2), "test": (1, 2, 3, 1)}


@pytest.fixture
def results(made_up):
    """Two defenses, two networks, two seeds; and models whose answers have no curves."""
    found = made_up(("st", "ce"), labels=LABELS, powers=POWERS)
    for defense, seed, net in (("st", 3, "wide"), ("st", 1, "wide"), ("ce", 3, "slim")):
        found.teacher(defense, seed=seed, net=net)
    found.ls_student(0.1)
    return found


def test_every_value_of_every_curve(results, same_row):
    rows = iter(cmi.rows(results))
    for defense, seed, net in (("st", 3, "wide"), ("st", 1, "wide"), ("ce", 3, "slim")):
        for split, counts in COUNTS.items():
            labels, said = results.labels[split], results.log_probs(f"{defense}-{net}-s{seed}", split)
            key = {
                "teacher": f"{defense}-{net}", "defense": defense, "defense_label": defense.upper(), "arch": net,
                "seed": seed, "split": split,
            }  # fmt: skip
            for power in POWERS:
                value = by_hand.scatter(said, labels, power)
                same_row(next(rows), key | {"power": power, "label": -1, "cmi": value, "n": sum(counts)})
            for y, n in enumerate(counts):
                for power in POWERS:
                    value = by_hand.scatter_of_class(said, labels, y, power)
                    same_row(next(rows), key | {"power": power, "label": y, "cmi": value, "n": n})
    assert next(rows, None) is None


def test_a_class_without_images_has_no_value(made_up):
    found = made_up(("ce",), labels=LABELS | {"test": [0, 0, 2]}, powers=(1.0,))
    found.teacher("ce", test=[(0.5, 0.5, 0), (0.25, 0.75, 0), (0, 0, 1.0)])
    rows = {row["label"]: row for row in cmi.rows(found) if row["split"] == "test"}
    assert {label: row["n"] for label, row in rows.items()} == {-1: 3, 0: 2, 1: 0, 2: 1}
    assert np.isnan(rows[1]["cmi"])
    assert rows[-1]["cmi"] == pytest.approx(2 / 3 * rows[0]["cmi"])
