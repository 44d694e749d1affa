"""Small projects to plan in: the presets of this repository, pages without content, and any override."""

import shutil
from pathlib import Path

import pytest
import yaml

from distillab.plan.build import build_plan, load_params
from distillab.plan.patterns import REPORTS

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path):
    """Write a project whose ``params.yaml`` has this preset and override; return its root."""
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / "reports").mkdir()
    for report in REPORTS:
        (tmp_path / "reports" / f"{report}.py").write_text("from distillab.reporting import tables\n")

    def write(override=None, preset="tiny"):
        content = {"preset": preset, "override": override or {}}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        return tmp_path

    return write


@pytest.fixture
def params_of(project):
    """Validated parameters of a preset with an override."""
    return lambda override=None, preset="tiny": load_params(project(override, preset))


@pytest.fixture
def plan_of(project):
    """Plan of a preset with an override."""
    return lambda override=None, preset="tiny": build_plan(project(override, preset))
