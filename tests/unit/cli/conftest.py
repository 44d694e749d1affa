"""A small project in which the command runs: the presets of this repository, pages without content."""

import fcntl
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from distillab.plan import load_plan
from distillab.studies import PAGES

REPOSITORY = Path(__file__).parents[3]

OVERRIDE = {
    "studies": ["undistillable"],
    "seeds": [4],
    "defenses": {"*": None, "ce": {}, "ls": {}},
    "knockoff": {"attacks": {"mkd": None}},
    "robustness": {"attacks": {"pgd_linf": None, "cw_l2": None}},
}
"""Two teachers, one LS student, two knockoffs, five measurements."""


@pytest.fixture(scope="session")
def planned(tmp_path_factory):
    """The project, its plan already cached."""
    root = tmp_path_factory.mktemp("planned")
    shutil.copytree(REPOSITORY / "config", root / "config")
    (root / "reports").mkdir()
    for report in PAGES:
        (root / "reports" / f"{report}.py").write_text("from distillab.reporting import tables\n")
    text = yaml.safe_dump({"preset": "tiny", "override": OVERRIDE}, sort_keys=False)
    (root / "params.yaml").write_text(f"# mine\n{text}")
    load_plan(root)
    return root


@pytest.fixture
def project(planned, tmp_path, monkeypatch):
    """A copy of the project, as the working directory."""
    root = shutil.copytree(planned, tmp_path / "project")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def run_of_another():
    """A run of the project that another process holds: a lock that is not among those of this process."""

    @contextmanager
    def held(root):
        lock = root / ".distillab" / "run.lock"
        lock.parent.mkdir(exist_ok=True)
        with lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    return held
