"""Each fault that the documentation lists has its test, and each test of a fault its row."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ROWS = [
    line.strip("|").split("|")
    for line in (PROJECT / "docs" / "faults.md").read_text().splitlines()
    if line.startswith("|") and "`tests/" in line
]
FILES = ("test_faults", "test_faults_on_slurm", "test_remotes")
"""Whose every test is about a fault."""


def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def named() -> list[tuple[str, str]]:
    return [re.fullmatch(r"\s*`(tests/\S+\.py)::(\w+)`\s*", row[-1]).groups() for row in ROWS]


@pytest.mark.parametrize(("file", "name"), named())
def test_the_test_of_a_fault_is_there(file: str, name: str) -> None:
    assert name in names_in(PROJECT / file)


def test_every_row_says_what_is_lost_and_what_ends_the_run() -> None:
    assert len(ROWS) > 25
    assert all(len(row) == 4 and all(cell.strip() for cell in row) for row in ROWS)
    assert len({tuple(row[-1:]) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("file", FILES)
def test_no_test_of_a_fault_is_left_out(file: str) -> None:
    path = f"tests/workflow/{file}.py"
    assert names_in(PROJECT / path) <= {name for place, name in named() if place == path}
