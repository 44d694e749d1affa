"""The strongest certifier of a model: by its mean over seeds, and of equals the one that was asked first."""

import pandas as pd

from distillab.reporting.certified_rows import strongest


def certificates(*rows):
    return pd.DataFrame(rows, columns=["model", "certifier", "seed", "certified_accuracy"])


def test_the_mean_over_seeds_decides():
    frame = certificates(("a", "ibp", 0, 0.9), ("a", "ibp", 1, 0.1), ("a", "dual", 0, 0.6), ("a", "dual", 1, 0.6))
    assert list(strongest(frame)["certifier"]) == ["dual", "dual"]


def test_of_equals_the_first_asked_is_named_for_each_model():
    frame = certificates(("b", "ibp", 0, 0.0), ("b", "dual", 0, 0.0), ("a", "dual", 0, 0.5), ("a", "crown", 0, 0.5))
    found = strongest(frame)
    assert list(zip(found["model"], found["certifier"], strict=True)) == [("b", "ibp"), ("a", "dual")]
