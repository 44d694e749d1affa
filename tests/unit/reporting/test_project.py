"""A notebook finds the project from any of its folders."""

from pathlib import Path

import pytest

from distillab.reporting.project import MARK, in_project


@pytest.mark.parametrize("folder", [".", "reports", "results/digits/reports"])
def test_a_path_is_the_projects_from_any_of_its_folders(tmp_path, monkeypatch, folder):
    (tmp_path / MARK).touch()
    here = tmp_path / folder
    here.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(here)
    assert in_project("results/x") == tmp_path / "results/x"
    assert in_project("/elsewhere/x") == Path("/elsewhere/x")


def test_outside_a_project_a_path_is_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert in_project("x") == tmp_path / "x"
