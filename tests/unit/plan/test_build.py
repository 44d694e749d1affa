"""What a plan keeps besides members and jobs: the pages of each study, and facts about methods and data."""

import pytest

from distillab.core.errors import SpecError
from distillab.plan.build import build_plan


def test_a_study_needs_its_page(rich):
    pages = {
        study: (f"results/tiny/reports/{study}.html",) for study in ("undistillable", "ta", "adversarial", "certified")
    }
    assert rich.studies == pages


def test_a_plan_keeps_its_preset_and_the_resolved_parameters(rich, rich_params):
    assert (rich.preset, rich.params) == ("tiny", rich_params[0].plain())
    assert rich.params["train"]["epochs"] == 6
    assert rich.params["seeds"] == [3, 7]


def test_facts_about_methods_and_data(rich, rich_params):
    facts = rich.facts
    assert facts.keys() == {
        "params", "data", "thieves", "decide", "defenses", "knockoffs", "attacks", "certifiers", "impossible",
    }  # fmt: skip
    assert facts["params"] == rich_params[0].identity(choices=True)
    assert "device" not in facts["params"]
    assert facts["data"] == rich_params[0].data.facts.plain()
    own = {"grade": "V", "brought": ""}
    assert facts["defenses"] == {
        "ce": own | {"label": "CE", "paper": "baseline", "kind": "unprotected"},
        "ls": own | {"label": "LS", "paper": "Pereyra et al., ICLR workshop 2017", "kind": "smoothed"},
        "st": own | {"label": "ST", "paper": "Ma et al., 2022", "kind": "sparse"},
    }
    kd = {"grade": "V", "paper": "Hinton, Vinyals & Dean, 2015", "in_paper": True}
    assert facts["impossible"] == []
    assert facts["knockoffs"] == {"kd": kd | {"label": "KD"}, "live": kd | {"label": "KD (live)"}}
    pgd = {"label": "PGD", "grade": "V", "paper": "Madry et al., ICLR 2018"}
    assert facts["attacks"] == {
        "pgd_linf": pgd | {"passes": 6, "kind": "fixed_radius", "norm": "linf", "targeted": False}
    }
    assert facts["certifiers"] == {
        "ibp": {
            "label": "IBP", "grade": "V", "paper": "Gowal et al., ICCV 2019", "norm": "linf", "rank": 0,
            "deciders": [{"name": "ibp", "label": "IBP"}],
        }
    }  # fmt: skip


def test_facts_tell_targeted_attacks_and_attacks_of_other_papers(plan_of):
    plan = plan_of(
        {
            "studies": ["undistillable"],
            "seeds": [0],
            "defenses": {"*": None, "ce": {}},
            "knockoff": {"attacks": {"*": None, "scm": {"name": "scm"}}},
            "robustness": {
                "attacks": {"*": None, "far": {"name": "pgd", "eps": 1, "step_size": 1, "target": "random"}}
            },
        }
    )
    assert plan.facts["attacks"]["far"]["targeted"] is True
    assert plan.facts["knockoffs"]["scm"]["in_paper"] is False


def test_two_of_a_method_have_labels_of_their_own(plan_of):
    twice = {"name": "ls", "label_smoothing": 0.3}
    certifiers = {"dual_l2": {"name": "dual", "norm": "l2"}}
    plan = plan_of({"seeds": [0], "defenses": {"ls_strong": twice}, "certification": {"certifiers": certifiers}})
    assert plan.facts["defenses"]["ls_strong"]["label"] == "LS (strong)"
    assert plan.facts["certifiers"]["dual_l2"]["label"] == "WK dual (l2)"
    assert plan.facts["certifiers"]["dual_l2"]["norm"] == "l2"


def test_certifiers_rank_by_their_cost_and_name_what_they_combine(plan_of):
    asked = {"*": None, "all": {"name": "best", "lp_units": 9}, "mine": {"name": "dual"}, "milp": {"name": "milp"}}
    found = plan_of({"seeds": [0], "certification": {"certifiers": asked}}).facts["certifiers"]
    assert {key: said["rank"] for key, said in found.items()} == {"all": 6, "mine": 1, "milp": 5}
    assert found["mine"]["deciders"] == [{"name": "dual", "label": "WK dual"}]
    assert {each["name"]: each["label"] for each in found["all"]["deciders"]} == {
        "ibp": "IBP", "dual": "WK dual", "crown": "CROWN", "alpha_crown": "alpha-CROWN", "lp": "LP"
    }  # fmt: skip


def test_what_is_impossible_is_told_before_any_member(project):
    with pytest.raises(SpecError, match=r"^params: seeds: expected distinct seeds; got \[3, 3\]$"):
        build_plan(project({"seeds": [3, 3]}))


def test_a_run_beyond_memory_is_refused_before_any_job(plan_of, monkeypatch):
    monkeypatch.setattr("distillab.plan.members.MOST_MEMBERS", 40)
    with pytest.raises(SpecError, match=r"^params: too much for one run; expected at most 40 .*; take fewer seeds"):
        plan_of({})
