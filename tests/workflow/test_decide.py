"""`distillab decide` on a real run: it asks, runs and asks again; killed in the middle, it ends with the same bytes."""

import os
import signal
from typing import Any

import pandas as pd
import pytest
import yaml
from project import Project, copy_project, different, wait_for

pytestmark = pytest.mark.workflow

RECEIPT = "results/tiny/receipts/collect/undistillable.json"

OVERRIDE: dict[str, Any] = {
    "studies": ["undistillable"],
    "seeds": [0, 1, 2],
    "defenses": {"*": None, "ce": {}, "ls": {"seeds": 4}},
    "knockoff": {"attacks": {"*": None, "argmax": {"name": "argmax"}}},
    "robustness": {"attacks": {"*": None}},
    "measure": {"powers": [0.0, 1.0]},
    "decide": {"looks": [4, 6], "alpha": 1e-6},
}
"""An error rate at which nothing is decided on any machine, and few seeds of LS."""

DECIDE = ("distillab", "decide", "--", "--cores", "2", "--until", "collect")
"""Without the page, which takes as long as a round."""


def asked(project: Project) -> dict[str, dict[str, int]]:
    """How many seeds of the papers' thief are asked for."""
    override = yaml.safe_load((project.root / "params.yaml").read_text(encoding="utf-8"))["override"]
    found: dict[str, dict[str, int]] = override["decide"].get("asked", {}).get("paper", {})
    return found


def seeds(project: Project) -> dict[str, int]:
    """Defense to the seeds of its cell in the finished table."""
    frame = pd.read_parquet(project.results / "tables" / "undistillable" / "knockoff.parquet")
    return dict(zip(frame["defense"], frame["seeds"], strict=True))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the tables of three seeds."""
    project = copy_project(tmp_path_factory.mktemp("decide") / "project")
    project.choose(OVERRIDE)
    project.snakemake(RECEIPT)
    return project


@pytest.fixture(scope="module")
def whole(first: Project) -> Project:
    """The project after an undisturbed decide."""
    project = first.copy(first.root.with_name("whole"))
    project.said.write_text(project.run(*DECIDE).stdout, encoding="utf-8")
    return project


def test_a_dry_run_prices_the_next_look_and_changes_nothing(first: Project) -> None:
    before = (first.root / "params.yaml").read_bytes(), first.payloads()
    lines = first.run("distillab", "decide", "-n").stdout.splitlines()
    assert sorted(lines[1:3]) == ["  ce by paper: argmax: 3 -> 4 seeds", "  ls by paper: argmax: 3 -> 4 seeds"]
    assert lines[3].startswith("in all: 2 trainings of knockoffs, ")
    assert "unknown" not in lines[3]
    assert ((first.root / "params.yaml").read_bytes(), first.payloads()) == before


def test_open_cells_get_the_seeds_of_every_look_as_far_as_their_defense_has_them(whole: Project) -> None:
    assert asked(whole) == {"ce": {"argmax": 6}, "ls": {"argmax": 4}}
    assert seeds(whole) == {"ce": 6, "ls": 4}
    said = whole.said.read_text(encoding="utf-8")
    assert said.count("asking for seeds") == 2
    assert "1 open cell without more seeds: they had their last look; decide.looks ends at 6" in said
    assert "1 open cell without more seeds: defenses.ls.seeds is 4, and the next look is at 6" in said


def test_killed_in_the_middle_it_goes_on_and_ends_with_the_same_bytes(first: Project, whole: Project) -> None:
    project = first.copy(first.root.with_name("killed"))
    process = project.start(*DECIDE)
    wait_for(lambda: process.poll() is not None or (asked(project).get("ce") == {"argmax": 6} and project.running()))
    assert process.poll() is None, project.said.read_text(encoding="utf-8")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert asked(project) == asked(whole)
    assert seeds(project) == {"ce": 4, "ls": 4}
    said = project.run(*DECIDE).stdout
    assert "asking for seeds" not in said
    assert (project.root / "params.yaml").read_bytes() == (whole.root / "params.yaml").read_bytes()
    assert different(whole.payloads(), project.payloads()) == []
    assert said.partition("decided: ")[2].splitlines()[0] == "0 of 2"
