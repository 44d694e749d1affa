"""The tiny preset ends with the numbers that are on record: accuracies, gains, claims, verdicts and counts."""

import json

import pytest
from golden import COLUMNS, REFERENCE, different, numbers
from project import Project

pytestmark = pytest.mark.workflow


def test_a_run_ends_with_the_numbers_on_record(finished: Project) -> None:
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    said = different(numbers(finished.results), reference)
    assert not said, "\n".join(
        [*said[:60], "if this is meant: python tests/workflow/golden.py RESULTS --update, and say it in the changelog"]
    )


def test_every_table_has_rows_on_record() -> None:
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    assert reference.keys() == COLUMNS.keys()
    assert all(reference.values())
