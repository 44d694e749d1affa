"""Cascades in a plan: stages in their order, each with all stages before it as parents."""

STAGES = {
    "third": {"name": "wong_kolter", "after": "second"},
    "second": {"name": "wong_kolter", "after": "first"},
    "first": {"name": "ibp_training"},
}


def override(**changes):
    return {"studies": ["undistillable"], "seeds": [0], "defenses": {**STAGES, **changes}}


def teachers_of(plan):
    return {m.axes["teacher"].split("-")[0]: m for m in plan.members.values() if m.stage == "teach"}


def test_a_stage_has_every_stage_before_it_as_a_parent(plan_of):
    members = teachers_of(plan_of(override()))
    stages = {key: set(members[key].parents) - {"images", "split"} for key in STAGES}
    assert stages == {"first": set(), "second": {"first"}, "third": {"first", "second"}}
    order = list(members)
    assert order.index("first") < order.index("second") < order.index("third")


def test_another_first_stage_makes_the_whole_cascade_anew(plan_of):
    before, after = (teachers_of(plan_of(override(first={"name": "ibp_training", "eps": eps}))) for eps in (0.1, "1/5"))
    assert {key for key in before if before[key].key != after[key].key} == {*STAGES}


def test_headline_seeds_reach_the_first_stage(plan_of):
    headline = {"defenses": ["third"], "attacks": ["kd"], "seeds": [5]}
    plan = plan_of(override() | {"headline": headline})
    seeds = {key: {m.seed for m in plan.members.values() if m.id.startswith(f"{key}-cnn_digits-s")} for key in STAGES}
    assert all(found == {0, 5} for found in seeds.values())
