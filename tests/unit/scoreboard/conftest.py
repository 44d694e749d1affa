"""A run's tables with a few rows whose right numbers the tests know; no number here was measured."""

from pathlib import Path

import pandas as pd
import pytest

from distillab.reporting.tables import Tables
from distillab.scoreboard.claim import DocumentClaim

FACTS = {
    "preset": "mine", "title": "MNIST", "standin": "", "train_n": 5000, "test_n": 1000, "seeds": [0, 1, 2],
    "commit": "abc1234", "teacher_step_seconds": {"ce-net": 0.01, "cmim-net": 0.013}, "environments": [],
    "thieves": {"paper": {"labels": "all"}, "poor": {"labels": 60}},
    "params": {
        "data": {"name": "mnist"}, "train": {"epochs": 7},
        "pairs": [{"teacher": {"name": "net"}, "student": {"name": "small"}}],
        "robustness": {"attacks": {"cw": {"name": "carlini_wagner_l2"}, "jsma": {}, "pgd": {}}},
        "certification": {"certifiers": {"dual": {}, "published": {"name": "dual", "as_published": "scaling"},
                                         "best": {}}},
    },
}  # fmt: skip


@pytest.fixture
def run():
    """Tables of rows that are given, by table."""

    def of(facts=None, **frames):
        tables = Tables(Path("nowhere"))
        tables.__dict__ |= {
            "facts": FACTS | (facts or {}),
            "labels": {},
            "networks": {f"{defense}-net": "net" for defense in ("ce", "cmim", "ast", "nt")},
        }
        tables._frames = {name: pd.DataFrame(rows) for name, rows in frames.items()}
        return tables

    return of


@pytest.fixture
def claim():
    """A claim with the fields that are given."""

    def of(quantity, of, against, direction="higher", **fields):
        usual = {"document": "cmim", "study": "undistillable", "preset": "mine", "source": "1", "says": "So it is.",
                 "unit": "points", "smallest": 1.0}  # fmt: skip
        return DocumentClaim(
            name="it", quantity=quantity, of=of, against=against, direction=direction, **(usual | fields)
        )

    return of
