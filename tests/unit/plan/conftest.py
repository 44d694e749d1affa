"""Plans of small projects: the presets of this repository, and any override."""

import pytest

from distillab.plan.build import build_plan


@pytest.fixture(scope="session")
def rich(rich_params):
    """The plan with one of everything."""
    return build_plan(rich_params[1])


@pytest.fixture
def plan_of(project):
    """Plan of a preset with an override."""
    return lambda override=None, preset="tiny": build_plan(project(override, preset))
