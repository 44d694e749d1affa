"""The thieves of a run: named ones, and the points of the curve over labels."""

import re
from pathlib import Path

import yaml

from distillab.params.thieves import Thief

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "add-thief.md"

FEW = {"labels": 60, "label_smoothing": 0.1}


def test_the_papers_thief_is_there_unless_it_is_taken_out(params_of):
    assert [*params_of().thieves] == ["paper"]
    assert params_of().thieves["paper"] == Thief()
    assert [*params_of({"thieves": {"poor": FEW}}).thieves] == ["paper", "poor"]
    assert [*params_of({"thieves": {"*": None, "poor": FEW}}).thieves] == ["poor"]
    assert [*params_of({"thieves": {"paper": None, "poor": FEW}}).thieves] == ["poor"]


def test_the_curve_adds_those_who_have_labels_and_ask_nothing(params_of):
    curve = {"labels": [20, 200], "seeds": 5, "label_smoothing": 0.3}
    params = params_of({"label_curve": curve, "thieves": {"labels_200": FEW}})
    assert [*params.all_thieves] == ["paper", "labels_200", "labels_20"]
    assert params.all_thieves["labels_20"] == Thief(labels=20, queries="none", label_smoothing=0.3, seeds=5)
    assert params.all_thieves["labels_200"].labels == 60, "a thief of that name comes first"
    assert [*params.thieves] == ["paper", "labels_200"]


def test_what_chooses_cells_is_no_part_of_a_thiefs_identity():
    """Rows, columns and seeds; what it has and how its controls are trained is."""
    thief = Thief(**FEW)
    chosen = thief.model_copy(update={"defenses": ("ce",), "attacks": ("kd",), "seeds": 4, "control_seeds": 9})
    assert chosen.identity() == thief.identity()
    for change in ({"labels": 61}, {"queries": "all"}, {"answers": "label"}, {"label_smoothing": 0.2}):
        assert thief.model_copy(update=change).identity() != thief.identity()


def test_the_thieves_of_the_documentation_can_be(params_of):
    (block,) = re.findall(r"```yaml\n(override:\n  thieves:.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    params = params_of(yaml.safe_load(block)["override"], "digits")
    assert [*params.all_thieves] == ["paper", "poor", "told", "labels_20", "labels_60", "labels_200"]
