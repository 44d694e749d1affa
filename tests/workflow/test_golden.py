"""The tiny preset ends with the numbers that are on record: accuracies, gains, claims, verdicts and counts."""

import copy
import json

import pytest
from golden import COLUMNS, IMAGES, REFERENCE, different, numbers
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


@pytest.mark.parametrize(
    ("column", "by", "seen"),
    [("test_accuracy", IMAGES / 60, False), ("test_accuracy", (IMAGES + 1) / 60, True), ("epochs", 1.0, True),
     ("parameters", 1.0, True)],
)  # fmt: skip
def test_images_may_move_a_little_and_counts_not_at_all(column: str, by: float, seen: bool) -> None:
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    ours = copy.deepcopy(reference)
    row = next(iter(ours["models"].values()))
    row[column] -= by
    assert bool(different(ours, reference)) == seen
    assert different({**ours, "models": {}}, reference)
