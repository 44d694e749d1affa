"""Who is asked what: sensitivity, attacks on raw and rescaled logits, transfers, certificates; and who is not."""

from types import SimpleNamespace

import pytest

from distillab.core.identity import ModelIdentity
from distillab.plan.members import Roster
from distillab.plan.questions import is_certified, logits_of, sources_of


def asked(plan, stage, model):
    return {
        m.id.removeprefix(f"{model}-"): m
        for m in plan.members.values()
        if m.stage == stage and m.parents["model"] == model
    }


def test_attacks_may_be_carried_over_to_teachers(rich):
    found = {
        model: {name.removeprefix("pgd_linf-from_"): m.parents["source"]
                for name, m in asked(rich, "attack", model).items() if "from_" in name}
        for model in ("ce-cnn_digits-s3", "ls-papernot_digits-s7")
    }  # fmt: skip
    assert found == {
        "ce-cnn_digits-s3": {"copy": "ce-cnn_digits-s7", "other": "ce-papernot_digits-s3"},
        "ls-papernot_digits-s7": {
            "copy": "ls-papernot_digits-s3", "plain": "ce-papernot_digits-s7", "other": "ls-cnn_digits-s7",
        },
    }  # fmt: skip
    carried = asked(rich, "attack", "ce-cnn_digits-s3")["pgd_linf-from_copy"]
    assert (carried.axes["logits"], carried.spec["temperature"]) == ("from_copy", 1.0)
    assert not [m for m in rich.members.values() if "source" in m.parents and m.axes["family"] != "teachers"]


def test_released_and_headline_models_are_measured_and_no_more(rich):
    for model in ("st-cnn_digits-s3", "ls-cnn_digits-s9"):
        assert [m.stage for m in rich.members.values() if m.parents.get("model") == model] == ["measure"]


def test_a_chains_models_are_attacked_as_they_are_and_over_their_temperature(rich):
    assert asked(rich, "attack", "ta-T5-step1-s3").keys() == {"pgd_linf", "pgd_linf-rescaled"}
    rescaled = asked(rich, "attack", "ta-T5-step1-s3")["pgd_linf-rescaled"]
    assert (rescaled.spec["temperature"], rescaled.axes["logits"]) == (5.0, "rescaled")
    assert rescaled.path == "results/tiny/attacks/chains/ta-T5-step1/pgd_linf/rescaled-s3.parquet"
    assert {m.spec["temperature"] for m in asked(rich, "attack", "left-T2.5-step1-s3").values()} == {1.0, 2.5}


def test_an_attack_that_rescales_nothing_leaves_the_logits_alone(plan_of):
    attack = {"pgd_linf": {"rescaled": False}, "cw_l2": None}
    plan = plan_of({"studies": ["ta"], "seeds": [0], "robustness": {"attacks": attack}})
    assert {m.axes["logits"] for m in plan.members.values() if m.stage == "attack"} == {"raw"}


def test_sensitivity_is_asked_of_its_families_on_its_images(rich):
    found = [m for m in rich.members.values() if m.stage == "sensitivity"]
    assert {m.axes["model"] for m in found} == {"ta-T5-step0", "ta-T5-step1"}  # the others are judged as teachers
    assert {tuple(m.spec.items()) for m in found} == {(("images", 5),)}
    assert found[0].path == "results/tiny/sensitivity/chains/ta-T5-step0/s3.parquet"


@pytest.mark.parametrize(
    ("teacher", "temperature", "views"),
    [(None, None, ("raw",)), (None, 1.0, ("raw",)), (None, 2.0, ("raw", "rescaled")), (None, 0.5, ("raw", "rescaled"))],
)
def test_views_of_the_logits(teacher, temperature, views):
    spec = {} if temperature is None else {"temperature": temperature}
    assert logits_of(SimpleNamespace(spec=spec)) == views


def named(role, **parts):
    return ModelIdentity(role=role, arch="cnn", seed=3, **parts)


@pytest.mark.parametrize(
    ("change", "family", "asked_of", "certified"),
    [
        ({}, "teachers", named("teacher", defense="ls"), True),
        ({}, "teachers", named("teacher", defense="ce"), False),
        ({"defenses": ()}, "teachers", named("teacher", defense="ce"), True),
        ({}, "students", named("ls_student", label_smoothing=0.1), False),
        ({"families": ("students",)}, "students", named("ls_student", label_smoothing=0.1), True),
        ({"families": ("students",)}, "teachers", named("teacher", defense="ls"), False),
        (
            {"families": ("knockoffs",)},
            "knockoffs",
            named("knockoff", defense="ls", teacher="ls-cnn", attack="kd"),
            True,
        ),
        ({"families": ("chains",)}, "chains", named("chain", defense="ce", chain="left", temperature=1.0), True),
        (
            {"families": ("knockoffs",)},
            "knockoffs",
            named("knockoff", defense="ce", teacher="ce-cnn", attack="kd"),
            False,
        ),
    ],
)
def test_who_is_certified(rich_params, change, family, asked_of, certified):
    params, _ = rich_params
    wanted = params.model_copy(update={"certification": params.certification.model_copy(update=change)})
    assert is_certified(wanted, family, asked_of) is certified
    others = wanted.model_copy(update={"studies": ("undistillable", "ta")})
    assert is_certified(others, family, asked_of) is False


def test_sources_go_round(rich, rich_params):
    roster = Roster(rich_params[0], members=rich.members)
    assert sources_of(roster, "ls-cnn_digits-s7") == {
        "from_copy": "ls-cnn_digits-s3", "from_plain": "ce-cnn_digits-s7", "from_other": "ls-papernot_digits-s7",
    }  # fmt: skip
    names = ("papernot_digits", "cnn_digits", "vgg8")
    networks = {name: SimpleNamespace(name=name) for name in names}
    params = SimpleNamespace(pairs=[SimpleNamespace(teacher=networks[name]) for name in names], seeds=(3, 5, 7))
    three = Roster(params, members=rich.members | dict.fromkeys(("ls-vgg8-s3", "ls-cnn_digits-s5")))
    assert sources_of(three, "ls-cnn_digits-s3") == {
        "from_copy": "ls-cnn_digits-s5", "from_plain": "ce-cnn_digits-s3", "from_other": "ls-vgg8-s3",
    }  # fmt: skip
    alone = Roster(rich_params[0], members={"ls-cnn_digits-s7": rich.members["ls-cnn_digits-s7"]})
    assert sources_of(alone, "ls-cnn_digits-s7") == {}
