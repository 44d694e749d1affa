"""A member as the run that tables name: every column from its identity, nothing from its id or path."""

from math import isnan

import pytest

from distillab.core.identity import NO_STEP, ModelIdentity
from distillab.core.job import Member
from distillab.tables.model_run import run_of

OWN = {"arch": "thin", "seed": 4}
TAUGHT = {"defense": "nt", "teacher": "nt-wide"}
MODELS = (
    ModelIdentity(role="teacher", arch="wide", seed=4, defense="nt"),
    ModelIdentity(role="ls_student", **OWN, label_smoothing=0.2),
    ModelIdentity(role="knockoff", **OWN, **TAUGHT, attack="kd"),
    ModelIdentity(role="knockoff", **OWN, **TAUGHT, attack="kd", trial=1),
    ModelIdentity(role="knockoff", **OWN, **TAUGHT, attack="kd", thief="poor"),
    ModelIdentity(role="pseudo_student", **OWN, label_smoothing=0.2, thief="poor"),
    ModelIdentity(role="chain", **OWN, **TAUGHT, chain="dd", temperature=2.0, step=2),
)


def member(model):
    return Member(stage="s", id="strange", axes={}, spec={}, seed=4, parents={}, code="", key="", path="p", model=model)


@pytest.mark.parametrize(
    ("model", "key"),
    list(
        zip(
            MODELS,
            [
                ("nt-wide", "teacher", "nt", "", "", "wide", "", "", NO_STEP),
                ("ls0.2-thin", "ls_student", "", "", "", "thin", "paper", "", NO_STEP),
                ("nt-wide--kd-thin", "knockoff", "nt", "kd", "nt-wide", "thin", "paper", "", NO_STEP),
                ("nt-wide--kd_trial1-thin", "knockoff", "nt", "kd_trial1", "nt-wide", "thin", "paper", "", NO_STEP),
                ("nt-wide--kd-thin--poor", "knockoff", "nt", "kd", "nt-wide", "thin", "poor", "", NO_STEP),
                ("pseudo0.2-thin--poor", "pseudo_student", "", "", "", "thin", "poor", "", NO_STEP),
                ("dd-T2-step2", "chain", "nt", "", "nt-wide", "thin", "", "dd", 2),
            ],
            strict=True,
        )
    ),
)
def test_who_a_network_is(model, key):
    found = run_of(member(model)).key()
    assert found.pop("seed") == 4
    assert found.pop("temperature") == pytest.approx(or_nan(model.temperature), nan_ok=True)
    names = ("model", "role", "defense", "attack", "teacher", "arch", "thief", "chain", "step")
    assert found == dict(zip(names, key, strict=True))


def or_nan(value):
    return float("nan") if value is None else value


def test_a_trial_is_of_the_attack_it_varies():
    run = run_of(member(MODELS[3]))
    assert (run.attack, run.trial) == ("kd", 1)
    assert run_of(member(MODELS[1])).label_smoothing == 0.2
    assert isnan(run_of(member(MODELS[0])).label_smoothing)


def test_what_is_no_network_has_no_run():
    assert run_of(member(None)) is None
