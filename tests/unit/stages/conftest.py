"""A small project whose files are real."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("small_project")


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """One project for all tests of this folder; they read it and never change it."""
    from small_project import SmallProject

    return SmallProject(tmp_path_factory.mktemp("small") / "project")


@pytest.fixture(scope="session")
def robbed(tmp_path_factory):
    """The same of a project with thieves of every kind."""
    from small_project import ROBBED, SmallProject

    return SmallProject(tmp_path_factory.mktemp("robbed") / "project", ROBBED)
