"""The table ``leaks``: scatter and class means of each teacher, seed and split, by formulas of our own."""

import by_hand
import numpy as np
import pytest

from distillab.tables import leaks
from distillab.tables.frame import frame_of

POWERS = (0.0, 0.5, 1.0, 2.0, 5.0)
LABELS = {
    "train": [0, 1, 1, 2, 0, 3, 1, 0, 2, 1, 3, 3],
    "val": [0, 1, 2, 3],
    "test": [3, 0, 2, 1, 1, 2, 0, 2, 3, 2],
}

ALONE = 9
"""The seed at which there is no unprotected teacher."""


@pytest.fixture
def results(made_up):
    """Unprotected and CMIM teachers of two networks and two seeds, the reference last; one more, alone."""
    found = made_up(("cmim", "ce"), labels=LABELS, powers=POWERS)
    for defense in ("cmim", "ce"):
        for net, seed in (("wide", 4), ("wide", 2), ("slim", 4)):
            found.teacher(defense, seed=seed, net=net)
    found.teacher("cmim", seed=ALONE)
    found.knockoff("kd", found.teacher("cmim", seed=ALONE))
    found.ls_student(0.1)
    return found


def expected_of(results, defense, net, seed, split):
    labels, said = results.labels[split], results.log_probs(f"{defense}-{net}-s{seed}", split)
    curve, own = [by_hand.scatter(said, labels, power) for power in POWERS], by_hand.off_diagonal(said, labels)
    resemblance = float("nan")
    if defense != "ce" and seed != ALONE:
        plain = results.log_probs(f"ce-{net}-s{seed}", split)
        resemblance = by_hand.rank_correlation(own, by_hand.off_diagonal(plain, labels))
    return {
        "teacher": f"{defense}-{net}",
        "defense": defense,
        "defense_label": defense.upper(),
        "arch": net,
        "seed": seed,
        "split": split,
        "peak": max(curve),
        "peak_power": POWERS[int(np.argmax(curve))],
        "peak_corrected": max(by_hand.corrected_scatter(said, labels, power) for power in POWERS),
        "similarity": by_hand.similarity(said, labels),
        "resemblance": resemblance,
        "n": {"train": 12, "test": 10}[split],
    }


def test_every_row_is_that_of_its_teacher_seed_and_split(results, same_row):
    rows = leaks.rows(results)
    teachers = [(key, *of) for key in ("cmim", "ce") for of in (("wide", 4), ("wide", 2), ("slim", 4))]
    wanted = [(*teacher, split) for teacher in [*teachers, ("cmim", "wide", ALONE)] for split in ("train", "test")]
    assert len(rows) == len(wanted)
    for row, of in zip(rows, wanted, strict=True):
        same_row(row, expected_of(results, *of))
    assert len({row["peak"] for row in rows}) == len(rows)


def test_the_peak_is_where_a_power_moves_answers_apart(made_up):
    """Two answers of a class, (p, 1 - p) and its mirror image: at power a their scatter is ln 2 - H(p^a)."""
    labels = {"train": [0, 0, 1, 1], "val": [0], "test": [0, 0, 1, 1]}
    found = made_up(("ce",), labels=labels, powers=(0.0, 1.0, 3.0))
    found.teacher("ce", train=[(0.9, 0.1, 0), (0.1, 0.9, 0)] * 2, test=[(0.6, 0.4, 0), (0.4, 0.6, 0)] * 2)
    train, test = leaks.rows(found)
    for row, p in ((train, 0.9), (test, 0.6)):
        cubed = p**3 / (p**3 + (1 - p) ** 3)
        assert row["peak"] == pytest.approx(np.log(2) - by_hand.entropy((cubed, 1 - cubed)), rel=1e-5)
        assert row["peak_power"] == 3.0


def test_a_class_of_one_image_leaves_the_jackknife_nothing_and_the_table_stands(made_up):
    found = made_up(("ce",), labels=LABELS | {"test": [0, 1, 1, 2, 2, 3, 3]}, powers=POWERS)
    found.teacher("ce")
    table = frame_of(leaks.TABLE, leaks.rows(found)).set_index("split")
    assert np.isnan(table.loc["test", "peak_corrected"])
    assert np.isfinite(table.loc["train", "peak_corrected"])
    assert np.isfinite(table.loc["test", "peak"])
