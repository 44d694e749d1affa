"""What a plan tells of thieves and of decisions, so that tables need no parameters."""

import json
from types import SimpleNamespace

import pytest

from distillab.core.sidecar import sidecar_path
from distillab.plan import bundle
from distillab.plan.facts import facts_of
from distillab.plan.manifest import params_hash
from distillab.plan.seeds import base_control_seeds, control_seeds

THIEVES = {
    "paper": {"seeds": 1},
    "poor": {"labels": 60, "queries": "all", "label_smoothing": 0.1, "seeds": 3, "control_seeds": 5},
    "told": {"answers": {"top": 2}, "control_seeds": 1},
    "stranger": {"labels": 12, "queries": "other_data", "label_smoothing": 0.1, "data": {"name": "digits", "val": 9}},
}
OVERRIDE = {
    "studies": ["undistillable"], "seeds": [5, 3], "thieves": THIEVES,
    "label_curve": {"labels": [20], "seeds": 4},
    "headline": {"thieves": ["poor"], "defenses": ["ce"], "attacks": ["kd"], "seeds": [9]},
    "decide": {"looks": [4, 8], "margin": 0.03, "alpha": 0.1, "asked": {"poor": {"ls": {"kd": 8}}}},
}  # fmt: skip


@pytest.fixture
def params(params_of):
    return params_of(OVERRIDE)


def test_every_thief_is_told_with_its_means_and_the_seeds_it_had_from_the_first(params):
    facts = facts_of(params)["thieves"]
    assert [*facts] == ["paper", "poor", "told", "stranger", "labels_20"]
    assert facts["poor"] == {
        "labels": 60, "queries": "all", "answers": "probabilities", "data": "", "seeds": [5, 3, 9],
        "control_seeds": [5, 3, 9, 0, 1],
    }  # fmt: skip
    assert facts["paper"] == {
        "labels": "all", "queries": "labeled", "answers": "probabilities", "data": "", "seeds": [5],
        "control_seeds": [5],
    }  # fmt: skip
    assert (facts["told"]["answers"], facts["told"]["control_seeds"]) == ({"top": 2}, [5, 3])
    assert (facts["stranger"]["queries"], facts["stranger"]["data"]) == ("other_data", params.data.facts.title)
    assert facts["labels_20"] == {
        "labels": 20, "queries": "none", "answers": "probabilities", "data": "", "seeds": [5, 3, 9, 0],
        "control_seeds": [5, 3, 9, 0],
    }  # fmt: skip


def test_seeds_of_open_cells_are_none_of_the_first(params):
    assert base_control_seeds(params, "poor") == (5, 3, 9, 0, 1)
    assert control_seeds(params, "poor") == (5, 3, 9, 0, 1, 2, 4, 6)


def test_the_headlines_seeds_are_among_the_first_of_its_thief(params_of):
    """Further than the two that its thief has; of other thieves they are none."""
    params = params_of(OVERRIDE | {"thieves": {"poor": THIEVES["poor"] | {"seeds": 2, "control_seeds": None}}})
    assert (base_control_seeds(params, "poor"), base_control_seeds(params, "paper")) == ((5, 3, 9), (5, 3))


def test_decisions_are_told_as_they_were_stated_beforehand(params):
    facts = facts_of(params)["decide"]
    assert (facts["looks"], facts["margin"], facts["alpha"]) == ([4, 8], 0.03, 0.1)
    assert facts["headline"] == {"thieves": ["poor"], "defenses": ["ce"], "attacks": ["kd"], "seeds": [9]}


def test_what_follows_an_address_stands_on_no_page_and_in_no_bundle(plan_of, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "prove", lambda _root, _plan: SimpleNamespace(faults=(), sidecars={}))
    hashes = set()
    for name in ("mine", "yours"):
        plan = plan_of({"models": {"far": {"endpoint": {"url": f"https://example.org/predict?model={name}"}}}})
        for member in (member for member in plan.members.values() if member.stage in bundle.STAGES):
            for file in (tmp_path / member.path, sidecar_path(tmp_path / member.path)):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(plan.facts | {"commit": "", "date": "", "environments": [], "title": ""}))
        bundle.write_bundle(tmp_path / "run.zip", tmp_path, plan)
        content = (tmp_path / "run.zip").read_bytes()
        assert b"https://example.org/predict?" in content
        assert f"model={name}".encode() not in content
        hashes.add(params_hash(plan.params))
    assert len(hashes) == 2
