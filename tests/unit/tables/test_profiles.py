"""The table ``profiles``: means by rank, in closed form."""

import numpy as np

from distillab.tables import profiles

LABELS = {"train": [0, 1, 2], "val": [0, 1, 2], "test": [0, 2]}


def test_profiles_are_mean_log_probabilities_by_rank(made_up, same_row):
    """Of (1, e^-1, e^-2) and of its mirror, over their sum, and of zeros, which count as -30."""
    found = made_up(("ce", "ls"), labels=LABELS)
    steps = np.exp([0.0, -1.0, -2.0])
    steps /= steps.sum()
    found.teacher("ce", seed=4, test=[steps, steps[::-1]])
    run = found.teacher("ls", seed=2, test=[(1.0, 0.0, 0.0), steps])
    found.knockoff("kd", run)
    values = {("ce", 4): (1.0, 0.0, -1.0), ("ls", 2): (21 / 2, -10 / 2, -11 / 2)}
    rows = profiles.rows(found)
    wanted = [(*of, rank, value) for of, line in values.items() for rank, value in zip((1, 2, 3), line, strict=True)]
    assert len(rows) == len(wanted)
    for row, (defense, seed, rank, value) in zip(rows, wanted, strict=True):
        expected_row = {"teacher": f"{defense}-wide", "defense": defense, "seed": seed, "rank": rank, "value": value}
        same_row(row, expected_row)
