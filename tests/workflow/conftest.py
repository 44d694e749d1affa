"""One finished tiny run, and cheap copies of it."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from distillab.core.locks import exclusive

sys.path.insert(0, str(Path(__file__).parent))

from cluster import bring_up
from project import Project, commit, copy_project, git


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


@pytest.fixture
def slurm() -> Iterator[None]:
    """A Slurm node that answers, for one test at a time."""
    with exclusive(Path(tempfile.gettempdir()) / "slurm_node.lock", wait=True):
        bring_up()
        yield


@pytest.fixture(scope="session")
def versioned(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository in which `dvc repro` has recorded the finished run; tests change copies of it."""
    project = finished.copy(tmp_path_factory.mktemp("versioned") / "project")
    git(project, "init", "-q", "-b", "main")
    project.run("dvc", "init", "-q", "-f")
    commit(project, "start", ".", ":!results")
    project.run("dvc", "repro")
    commit(project, "first run")
    return project


@pytest.fixture
def versioned_copy(versioned: Project, tmp_path: Path) -> Project:
    return versioned.copy(tmp_path / "project")
