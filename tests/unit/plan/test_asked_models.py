"""The endpoints of a run, in the lines that tell of it: how many answers of how many, how fast, for how much."""

import shutil
from pathlib import Path

import pytest
import yaml

from distillab.blackbox.asked import JOURNALS, Answered
from distillab.plan import load_plan
from distillab.plan.asked_models import asked_models

REPOSITORY = Path(__file__).parents[3]
ENDPOINT = {"endpoint": {"url": "https://models.example.org/x?deployment=7", "price": 10}}
POOR = {"labels": 20, "queries": "all", "label_smoothing": 0.1, "attacks": ["kd"]}


@pytest.fixture
def project(tmp_path):
    """A project that can be planned."""
    for folder in ("config", "reports"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture
def planned(project):
    """The endpoints of a run with these thieves, an endpoint and a defense around it."""

    def made(**thieves):
        override = {
            "studies": ["undistillable"],
            "data": {"train_limit": 100, "test_limit": 40, "val": 20},
            "models": {"far": ENDPOINT},
            "defenses": {"*": None, "ce": {}, "mad": {"name": "mad", "base": "far"}},
            "thieves": {"*": None} | thieves,
            "robustness": {"attacks": {"*": None}},
        }
        (project / "params.yaml").write_text(yaml.safe_dump({"preset": "tiny", "override": override}))
        return asked_models(load_plan(project), project)

    return made


@pytest.mark.parametrize(
    ("queries", "asked"),
    [("all", 100), ({"share": 0.5}, 50), ("labeled", 20)],
)
def test_each_is_there_once_and_is_asked_what_its_most_curious_thief_asks(planned, queries, asked):
    (model,) = planned(poor=POOR | {"queries": queries})
    assert (model.label, model.journal.parent.name) == ("far", JOURNALS.name)
    assert model.expected == asked + 20 + 40


def test_it_tells_while_somebody_asks_and_sums_up_what_this_run_got(planned):
    (model,) = planned(poor=POOR)
    assert model.now(1_000.0) == model.total(0.0) == ""
    Answered(40, 0.5, 0.4, 8, 1_000.0, 1_000.0).write(model.journal)
    assert model.now(1_001.0) == (
        "Asking far: 40 of 160 answers, 0.5 a second, cost so far 0.40, 8 possibly paid twice, 4 min left"
    )
    assert model.now(1_100.0) == ""
    assert model.total(900.0) == "Asked far: 40 answers, cost so far 0.40, 8 possibly paid twice"
    assert model.total(1_001.0) == ""


def test_a_run_without_endpoints_has_none(project):
    (project / "params.yaml").write_text("preset: tiny\n")
    assert asked_models(load_plan(project), project) == []
