"""One finished tiny run, and cheap copies of it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from distillab.core.locks import exclusive

sys.path.insert(0, str(Path(__file__).parent))

from project import Project, copy_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the tiny preset has run, one for all workers; tests read it and never change it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    place = shared / "finished.txt"
    with exclusive(shared / "finished.lock", wait=True):
        if not place.exists():
            project = copy_project(tmp_path_factory.mktemp("finished") / "project")
            project.said.write_text(project.snakemake(), encoding="utf-8")
            place.write_text(str(project.root), encoding="utf-8")
    return Project(Path(place.read_text(encoding="utf-8")))


@pytest.fixture
def finished_copy(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, to change at will."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str], Project]:
    """Makes projects in which nothing has run."""
    return lambda name: copy_project(tmp_path / name)
