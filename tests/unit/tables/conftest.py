"""Puts the made-up runs beside the tests within their reach, and what those tests share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def made_up():
    """A run without files that models join one by one."""
    from made_run import MadeUp

    return MadeUp


@pytest.fixture
def same_row():
    """A check of a whole row: no column more or less or elsewhere, every value the expected one."""

    def check(row, expected, rel=1e-5):
        assert list(row) == list(expected)
        for name, value in expected.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            assert row[name] == (pytest.approx(value, rel=rel, abs=1e-7, nan_ok=True) if number else value), name

    return check
