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


BLOBS = {"name": "synthetic", "noise": 0.3, "train_limit": 9}
ROBBED = {
    "studies": ["undistillable", "adversarial", "certified"],
    "seeds": [0, 4],
    "data": {"name": "synthetic", "val": 20, "train_limit": 200, "test_limit": 60},
    "defenses": {"*": None, "ce": {}, "st": {}},
    "knockoff": {"attacks": {"kd": {"responses": "cached"}, "mkd": {"responses": "live"}}},
    "robustness": {"families": ["teachers", "knockoffs", "chains", "students"]},
    "certification": {"families": ["teachers", "knockoffs", "students"], "defenses": []},
    "thieves": {
        "poor": {"labels": 60, "label_smoothing": 0.3},
        "half": {"labels": 60, "queries": {"share": 0.5}, "answers": {"top": 2}, "label_smoothing": 0.3},
        "all_asked": {"labels": 60, "queries": "all", "label_smoothing": 0.3},
        "told": {"answers": "label"},
        "stranger": {"labels": 60, "queries": "other_data", "data": BLOBS, "label_smoothing": 0.3, "seeds": 3},
    },
    "label_curve": {"labels": [20], "seeds": 1, "label_smoothing": 0.2},
}  # fmt: skip
"""Thieves of every kind; the first attack keeps answers, the second asks anew."""


@pytest.fixture(scope="session")
def robbed(kept_project):
    """The plan of a run with several thieves."""
    return build_plan(kept_project(ROBBED))
