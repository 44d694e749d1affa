"""Files and functions stay small, and public names say what they return."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SOURCES = sorted([*PROJECT.glob("src/**/*.py"), *PROJECT.glob("reports/*.py"), *PROJECT.glob("benchmarks/*.py")])
LONGEST_FILE = 250
LONGEST_FUNCTION = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_file_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_functions_are_short(path: Path) -> None:
    long = {
        f.name: f.end_lineno - f.lineno for f in functions(path) if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION
    }
    assert long == {}


def test_there_is_something_to_measure() -> None:
    assert len(SOURCES) > 100
