"""The study ``certified``: what a params file cannot ask for."""

import pytest

from distillab.core.errors import SpecError

ALONE = {"studies": ["certified"], "certification": {"eps": [0.02, "8/255"], "images": 9, "defenses": []}}


@pytest.mark.parametrize(
    ("certification", "says"),
    [
        ({"eps": ["8/0"]}, r"^params: certification\.eps\[0\]: not a fraction; got '8/0'$"),
        ({"eps": ["abc"]}, r"^params: certification\.eps\[0\]: expected a valid number.*; got 'abc'$"),
        ({"eps": [0.1, -0.1]}, r"^params: certification\.eps\[1\]: expected a number greater than 0; got -0.1$"),
        ({"eps": [0]}, r"greater than 0; got 0$"),
        ({"eps": [float("nan")]}, r"certification\.eps\[0\]: "),
        ({"eps": []}, r"certification\.eps: expected at least one entry"),
        ({"eps": [0.2, 0.1]}, r"^params: certification\.eps: expected increasing radii; got \[0.2, 0.1\]$"),
        ({"eps": [0.1, 0.1]}, r"expected increasing radii"),
        ({"certifiers": {"dual": {"name": "duall"}}}, r"certifiers\.dual.*one of ibp, dual.*did you mean dual"),
        ({"certifiers": {"ibp": None, "dual": None}}, r"the study certified needs at least one"),
        ({"certifiers": {"lp": {"name": "lp", "norm": "l2"}}}, r"lp\.norm: expected linf or l1 for lp; got 'l2'"),
        ({"defenses": ["nasty"]}, r"certification\.defenses: expected some of ce, ls, .*; got 'nasty'"),
        ({"radius_steps": -1}, r"certification\.radius_steps"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_clear_line_before_any_job(params_of, certification, says):
    with pytest.raises(SpecError, match=says) as error:
        params_of({"certification": certification})
    assert "\n" not in str(error.value)


def test_a_network_with_unknown_layers_is_refused_before_it_is_trained(params_of):
    override = ALONE | {"pairs": [{"teacher": "squeezenet", "student": "cnn_digits"}]}
    with pytest.raises(SpecError, match=r"^params: certification: squeezenet cannot be certified: .*do not know"):
        params_of(override)
    assert params_of(override | {"studies": ["undistillable"]}).studies == ("undistillable",)


def lines_of(params_of, override):
    """What the study cannot do."""
    try:
        params_of(override)
    except SpecError as error:
        return [line.removeprefix("params: ") for line in str(error).splitlines()]
    return []


@pytest.mark.parametrize(
    ("certification", "lines"),
    [
        (
            {"certifiers": {"*": None}},
            ["certification.certifiers: the study certified needs at least one; add one, or take it out of studies"],
        ),
        (
            {"certifiers": {"lp": {"name": "lp", "norm": "l2"}}},
            ["certification.certifiers.lp.norm: expected linf or l1 for lp; got 'l2'"],
        ),
        (
            {"defenses": ["ce", "nasty"]},
            ["certification.defenses: expected some of ce, ls, st, cmim; got 'nasty'"],
        ),
    ],
)
def test_a_line_for_each_reason(params_of, certification, lines):
    assert lines_of(params_of, {"certification": certification}) == lines
    assert lines_of(params_of, {"certification": certification, "studies": ["undistillable", "ta"]}) == []


UNKNOWN = "squeezenet"
"""A network with layers that no certifier knows; it takes any image."""

BOTH = [{"teacher": "cnn_digits", "student": UNKNOWN}, {"teacher": UNKNOWN, "student": "cnn_digits"}]
TA = {"ta": {"steps": 1, "networks": ["cnn_digits", UNKNOWN]}}


@pytest.mark.parametrize(
    ("override", "refused"),
    [
        ({"pairs": BOTH[:1]}, False),
        ({"pairs": BOTH[1:]}, True),
        ({"pairs": BOTH[1:], "defenses": {"ce": {"networks": ["cnn_digits"]}}}, False),  # ce alone is certified
        ({"pairs": BOTH[1:], "defenses": {"ls": {"networks": ["cnn_digits"]}}}, True),
        ({"pairs": BOTH[1:], "certification": {"defenses": ["st"]}}, False),  # its weights are those of ce
        ({"pairs": BOTH[1:], "certification": {"defenses": []}}, True),
        ({"pairs": BOTH[:1], "certification": {"families": ["students"]}}, True),
        ({"pairs": BOTH[:1], "certification": {"families": ["knockoffs"]}}, True),
        ({"pairs": BOTH[:1], "certification": {"families": ["knockoffs"]}, "studies": ["ta", "certified"]}, False),
        ({"chains": TA, "certification": {"families": ["chains"]}}, True),
        ({"chains": {"ta": {"steps": 0, "networks": [UNKNOWN]}}, "certification": {"families": ["chains"]}}, True),
        ({"chains": TA}, False),
        ({"chains": TA | {"mine": {"teacher_defense": "ls"}}, "certification": {"families": ["chains"]},
          "studies": ["adversarial", "certified"]}, False),
    ],
)  # fmt: skip
def test_only_networks_that_are_certified_must_be_known(params_of, override, refused):
    found = [line.split(":")[1] for line in lines_of(params_of, override)]
    assert found == ([f" {UNKNOWN} cannot be certified"] if refused else [])
