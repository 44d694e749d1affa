"""Every line about what cannot be, in full, and the nearest case that can."""

import pytest

from distillab.core.errors import SpecError
from distillab.params.checks import impossible

CHAINED = ["undistillable", "ta", "adversarial"]


def lines_of(params_of, override):
    """What is said about an override, without the word that starts each line."""
    try:
        params_of(override)
    except SpecError as error:
        return [line.removeprefix("params: ") for line in str(error).splitlines()]
    return []


def pairs(*networks):
    return {"pairs": [{"teacher": teacher, "student": student} for teacher, student in networks]}


FITS = "does not fit Digits (8x8); expected images of 1x28x28; got 1x8x8 images; choose another network or data set"


@pytest.mark.parametrize(
    ("override", "lines"),
    [
        (pairs(("papernot_mnist", "cnn_digits")), [f"pairs[0].teacher: papernot_mnist {FITS}"]),
        (
            pairs(("cnn_digits", "cnn_digits"), ("cnn_digits", "papernot_mnist")),
            [f"pairs[1].student: papernot_mnist {FITS}"],
        ),
        (
            {"chains": {"ta": {"networks": ["cnn_digits", "papernot_mnist"]}}},
            [f"chains.ta.networks[1]: papernot_mnist {FITS}"],
        ),
        ({"seeds": [3, 4, 3]}, ["seeds: expected distinct seeds; got [3, 4, 3]"]),
        (
            pairs(({"name": "mlp", "widths": [8]}, "cnn_digits"), ("cnn_digits", {"name": "mlp", "widths": [9]})),
            ["pairs: mlp appears with different settings; expected one form of it"],
        ),
        (
            {"studies": ["ta"], "chains": {"ta": None}},
            ["chains: the study ta needs at least one; add one, or take ta out of studies"],
        ),
        (
            {"studies": ["ta", "adversarial"], "chains": {"ta": None, "own": {"teacher_defense": "ls"}}},
            ["chains: the study ta needs at least one; add one, or take ta out of studies"],
        ),
        (
            {"chains": {"ta": {"steps": 1, "networks": ["cnn_digits"] * 3}}},
            [
                "chains.ta.networks: expected at most one for each of the 2 steps, the teacher's included; got 3; "
                "raise steps or drop networks"
            ],
        ),
        (
            {"chains": {"ta": {"temperatures": [5, 1, 5]}}},
            ["chains.ta.temperatures: expected distinct values; got [5.0, 1.0, 5.0]"],
        ),
        (
            {"studies": CHAINED, "chains": {"own": {"teacher_defense": "nt"}}},
            ["chains.own.teacher_defense: expected one of ce, ls, st, cmim; got 'nt'"],
        ),
        (
            {"studies": CHAINED, "chains": {"own": {"teacher_defense": "st"}}},
            ["chains.own.teacher_defense: st protects outputs, its weights are those of ce; expected another"],
        ),
        (
            {"studies": CHAINED, "chains": {"own": {"teacher_defense": "ls", "networks": ["papernot_digits"]}}},
            [
                "chains.own.teacher_defense: no teacher of network papernot_digits has the defense ls; "
                "name a teacher's network first in chains.own.networks"
            ],
        ),
        (
            {"studies": ["undistillable"], "defenses": {"nasty": {"name": "nt"}, "ce": None}},
            [
                "defenses.st: starts from teachers of 'ce'; add defenses.ce; defenses.st is config/tiny.yaml's: "
                "change it, or take it out with `defenses: {st: null}` under override",
                "defenses.nasty: starts from teachers of 'ce'; add defenses.ce",
            ],
        ),
        (
            {"defenses": {"a": {"name": "wong_kolter", "after": "b"}, "b": {"name": "wong_kolter", "after": "a"}}},
            [
                f"defenses.{key}.after: leads back to '{key}'; the first network of a cascade has no after"
                for key in ("a", "b")
            ],
        ),
        (
            {"defenses": {"a": {"name": "wong_kolter", "after": "a"}}},
            ["defenses.a.after: leads back to 'a'; the first network of a cascade has no after"],
        ),
        (
            {"robustness": {"transfer": ["pgd_linf", "fgsm"]}},
            ["robustness.transfer: expected some of pgd_linf, cw_l2; got 'fgsm'"],
        ),
        (
            {"headline": {"defenses": ["ls", "nt"], "attacks": ["kd", "dkd"]}},
            [
                "headline.defenses: expected some of ce, ls, st, cmim; got 'nt'",
                "headline.attacks: expected some of kd, mkd; got 'dkd'",
            ],
        ),
        (
            {"data": {"val": 0}, "knockoff": {"trials": 2, "label_smoothing": [0.1, 0.2, 0.3]}},
            [
                "knockoff.trials: 2 to choose from, but data.val is 0; expected validation images",
                "knockoff.label_smoothing: 3 values to choose from, but data.val is 0; "
                "expected validation images to choose on, or one value",
            ],
        ),
        (
            {"data": {"val": 0, "refit": True}},
            ["data.refit: no image is held out; expected data.val above 0, or no refit"],
        ),
        (
            {"data": {"refit": True}, "knockoff": {"trials": 2}},
            ["knockoff.trials: their choice needs images that are held out to the end; take out data.refit"],
        ),
        (
            {"batch": {"distill": ["chain", "seed"], "attack": ["logits", "student"]}},
            ["batch.attack: expected some of family, model, attack, logits, seed; got 'student'"],
        ),
        ({"data": {"val": 1437}}, ["data.val: expected fewer than the 1437 training images of Digits (8x8); got 1437"]),
    ],
)  # fmt: skip
def test_a_line_for_what_cannot_be(params_of, override, lines):
    assert lines_of(params_of, override) == lines


@pytest.mark.parametrize(
    "override",
    [
        pairs(("cnn_digits", "papernot_digits"), ("papernot_digits", "cnn_digits")),
        pairs(({"name": "mlp", "widths": [8]}, "cnn_digits"), ("cnn_digits", {"name": "mlp", "widths": [8]})),
        {"studies": ["undistillable"], "chains": {"ta": None}},
        {"studies": ["undistillable", "adversarial"], "chains": {"ta": None}},
        {"studies": CHAINED, "chains": {"own": {"teacher_defense": "ls"}}},
        {"chains": {"ta": {"steps": 1, "networks": ["cnn_digits"] * 2}}},
        {"defenses": {"a": {"name": "wong_kolter", "after": "b"}, "b": {"name": "wong_kolter"}}},
        {"robustness": {"transfer": ["pgd_linf", "cw_l2"]}},
        {"headline": {"defenses": ["ls"], "attacks": ["kd"], "seeds": [8]}},
        {"data": {"val": 0}, "knockoff": {"label_smoothing": [0.2]}},
        {"data": {"val": 1}, "knockoff": {"trials": 1, "label_smoothing": [0.1, 0.2]}},
        {"data": {"val": 1436, "train_limit": None}},
    ],
)  # fmt: skip
def test_the_nearest_that_can_be(params_of, override):
    assert lines_of(params_of, override) == []


def test_a_cascade_that_leads_into_a_circle_blames_the_circle(params_of):
    stages = {"a": "b", "b": "c", "c": "b", "d": None}
    defenses = {key: {"name": "wong_kolter"} | ({"after": after} if after else {}) for key, after in stages.items()}
    lines = lines_of(params_of, {"defenses": defenses})
    assert [line.split(".")[1] for line in lines] == ["b", "c"]


def test_a_data_set_of_unknown_size_may_hold_out_any_number(params_of, monkeypatch):
    params = params_of({"data": {"val": 1000, "train_limit": None}})
    assert impossible(params) == []
    facts = params.data.facts
    for train, count in ((None, 0), (1000, 1), (1001, 0)):
        monkeypatch.setattr(type(params.data), "facts", facts.model_copy(update={"train": train}))
        assert len(impossible(params)) == count
