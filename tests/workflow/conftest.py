"""One finished tiny run, and cheap copies of it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from project import Project, copy_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the tiny preset has run; tests read it and never change it."""
    project = copy_project(tmp_path_factory.mktemp("finished") / "project")
    project.snakemake()
    return project


@pytest.fixture
def finished_copy(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project with file times kept, to change at will."""
    shutil.copytree(finished.root, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str], Project]:
    """Makes projects in which nothing has run."""
    return lambda name: copy_project(tmp_path / name)
