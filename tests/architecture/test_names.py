"""A public class or alias means one thing: no other file defines another under the same name."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "distillab"

TWINS = {
    "Classes", "Flags", "LogProbs", "PerExample",  # of tensors, and of arrays
    "Adam",  # of the rows of an attack, and of a network's weights
    "Ball",  # that attacks project on, and that certificates cover
    "Centroids",  # in training, and as measured
    "Progress",  # of batches, and of epochs
}  # fmt: skip
"""Names of one thing in two forms."""


def definitions(source: str) -> Iterator[tuple[str, str]]:
    """Public classes and aliases at the top of a file: the name, and what stands for it; a class is its own."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, f"class in line {node.lineno}"
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name[0].isupper() and not name.isupper():
                yield name, ast.unparse(node.value)


def ambiguous(sources: dict[str, str]) -> dict[str, list[str]]:
    """Name to the files that define it, where they do not agree; two classes never do."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path, source in sources.items():
        for name, meaning in definitions(source):
            found[name][path] = f"{path}, {meaning}" if meaning.startswith("class in") else meaning
    return {name: sorted(by) for name, by in found.items() if len(set(by.values())) > 1}


def test_a_public_name_means_one_thing() -> None:
    paths = sorted(SOURCE.rglob("*.py"))
    found = ambiguous({path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in paths})
    assert {name: files for name, files in found.items() if name not in TWINS} == {}
    assert found.keys() == TWINS, "a twin is no more: take it out of the list"


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("class Rows: ...", "class Rows: ...", True), ("class Rows: ...", "Rows = int", True),
        ("Row = dict[str, int]", "Row = dict[str, int]", False), ("Row = dict[str, int]", "Row = int", True),
        ("class _Rows: ...", "class _Rows: ...", False), ("ROWS = 1", "ROWS = 2", False),
        ("class Rows: ...", "class Columns: ...", False),
    ],
)  # fmt: skip
def test_two_definitions_of_a_name_are_found(first: str, second: str, *, found: bool) -> None:
    assert ambiguous({"a": first, "b": second}) == ({"Rows" if "Rows" in first else "Row": ["a", "b"]} if found else {})
