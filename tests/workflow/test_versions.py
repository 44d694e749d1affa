"""DVC around the workflow: repro, status, metrics, plots, push and pull, and the traps between the two tools."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project, commit, git

pytestmark = pytest.mark.workflow

OTHER_EPS = {"robustness": {"attacks": {"pgd_linf": {"eps": 0.3}}}}


@pytest.fixture(scope="module")
def changed(versioned: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The repository after a second `dvc repro`, with another eps, not committed."""
    project = versioned.copy(tmp_path_factory.mktemp("changed") / "project")
    project.choose(OTHER_EPS)
    assert "params.yaml" in project.run("dvc", "status").stdout
    project.run("dvc", "repro")
    return project


def test_second_repro_does_nothing(versioned_copy: Project) -> None:
    assert "didn't change" in versioned_copy.run("dvc", "repro").stdout
    assert "up to date" in versioned_copy.run("dvc", "status").stdout


def test_metrics_and_plots(versioned_copy: Project) -> None:
    shown = versioned_copy.run("dvc", "metrics", "show", "--json").stdout
    assert "verdict" in shown
    plots = versioned_copy.run("dvc", "plots", "show", "-o", "plots").stdout
    page = Path(plots.strip().removeprefix("file://"))
    assert "cross_entropy" in page.read_text()


def test_another_eps_shows_in_the_metrics(changed: Project) -> None:
    assert "pgd_linf" in changed.run("dvc", "metrics", "diff").stdout


def test_going_back_to_an_older_version_runs_nothing(changed: Project, tmp_path: Path) -> None:
    project = changed.copy(tmp_path / "project")
    commit(project, "another eps")
    git(project, "checkout", "-q", "HEAD~1")
    project.run("dvc", "checkout")
    assert "Nothing to be done" in project.snakemake()


def test_plain_snakemake_then_commit_is_clean(versioned_copy: Project) -> None:
    versioned_copy.choose(OTHER_EPS)
    versioned_copy.snakemake()
    assert "changed" in versioned_copy.run("dvc", "status").stdout
    versioned_copy.run("dvc", "commit", "-f")
    assert "up to date" in versioned_copy.run("dvc", "status").stdout


def test_results_hide_no_metrics_from_git(versioned: Project) -> None:
    tracked = git(versioned, "ls-files", "results").splitlines()
    assert "results/tiny/metrics.json" in tracked
    assert "results/tiny/plots/history.csv" in tracked
    assert not [name for name in tracked if name.endswith(".safetensors")]


def test_a_run_without_dvc_leaves_git_clean(finished: Project, tmp_path: Path) -> None:
    """The same commit, cloned: what a run makes there is nothing that git asks about."""
    project = finished.copy(tmp_path / "project")
    git(project, "init", "-q", "-b", "main")
    commit(project, "start", ".", ":!results")
    assert (project.results / "metrics.json").exists()
    assert git(project, "status", "--porcelain") == ""
    (project.results / "manifest.json").write_text("{}")
    assert git(project, "status", "--porcelain", "-uall") == "?? results/tiny/manifest.json\n"


@pytest.mark.parametrize("command", [("snakemake", "--cores", "2"), ("dvc", "repro")], ids=["snakemake", "dvc"])
def test_an_environment_that_nobody_activated(fresh: Callable[[str], Project], command: tuple[str, ...]) -> None:
    project = fresh("unactivated")
    few = {"seeds": [0], "defenses": {"*": None, "ce": {}}, "robustness": {"attacks": {"*": None}}}
    project.choose(few | {"studies": ["undistillable"]})
    (project.root / ".venv").symlink_to(sys.prefix)
    if command[0] == "dvc":
        project.run("dvc", "init", "-q", "-f", "--no-scm")
    project.run(*command, path="/usr/bin:/bin")
    assert (project.results / "reports" / "index.html").exists()
