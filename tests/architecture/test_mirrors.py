"""What turns artifacts into numbers has a test file of its own, module by module."""

from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
MODULES = sorted(
    path.relative_to(PROJECT / "src" / "distillab")
    for room in ("stages", "tables")
    for path in PROJECT.glob(f"src/distillab/{room}/*.py")
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("module", MODULES, ids=Path.as_posix)
def test_a_module_has_its_mirror(module: Path) -> None:
    mirror = PROJECT / "tests" / "unit" / module.with_name(f"test_{module.name}")
    assert mirror.is_file(), f"the numbers of {module} have no tests: write {mirror.relative_to(PROJECT)}"


def test_there_are_modules_to_mirror() -> None:
    assert len(MODULES) > 30
