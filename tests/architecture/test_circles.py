"""No file imports itself by way of others, for its types or in a function either."""

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

Graph = Mapping[str, set[str]]


def module_of(path: Path, root: Path) -> str:
    """The dotted name of a file; a package's is that of its ``__init__``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(root: Path) -> Graph:
    """Module to the modules below ``root`` that it names in an import, wherever the import stands."""
    files = {module_of(path, root): path for path in root.rglob("*.py")}
    found: dict[str, set[str]] = {}
    for name, path in files.items():
        named = set[str]()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = (f"{node.module}.{alias.name}" for alias in node.names)
                named |= {part if part in files else node.module for part in whole}
        found[name] = named & files.keys() - {name}
    return found


def circle(graph: Graph) -> list[str]:
    """Modules of which each imports the next, the first one again at the end; nothing where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_no_file_imports_itself_by_way_of_others() -> None:
    graph = imports(SOURCE)
    assert len(graph) > 300
    assert sum(map(len, graph.values())) > 1000
    assert circle(graph) == []


LAZY = "def f():\n    from room.b import g\n"
TYPED = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from room import b\n"
CIRCLE = {"room.a", "room.b", "room.c"}


@pytest.mark.parametrize(
    ("a", "found"),
    [
        ("from room import b", CIRCLE), ("import room.b", CIRCLE), (LAZY, CIRCLE), (TYPED, CIRCLE),
        ("from room import x, b", CIRCLE), ("from room.c import x", {"room.a", "room.c"}), ("import json", set()),
        ("from room.a import x", set()), ("from room import x", set()),
    ],
)  # fmt: skip
def test_a_circle_is_found_wherever_the_import_stands(tmp_path: Path, a: str, found: set[str]) -> None:
    room = tmp_path / "room"
    room.mkdir()
    files = {"__init__": "", "a": a, "b": "from room.c import x", "c": "from room.a import x"}
    for name, text in files.items():
        (room / f"{name}.py").write_text(text, encoding="utf-8")
    there = circle(imports(tmp_path))
    assert set(there) == found
    assert len(there) == len(found) + bool(found)


def test_each_module_of_a_circle_imports_the_next() -> None:
    there = circle({"a": {"b", "d"}, "b": {"c"}, "c": {"a"}, "d": set()})
    start = there.index("a")
    assert (there[:-1] * 2)[start : start + 3] == ["a", "b", "c"]
    assert there[0] == there[-1]


def test_a_package_and_its_file_are_a_circle_too(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "__init__.py").write_text("from room.a import x\n", encoding="utf-8")
    (tmp_path / "room" / "a.py").write_text("from room import y\n", encoding="utf-8")
    assert set(circle(imports(tmp_path))) == {"room", "room.a"}
