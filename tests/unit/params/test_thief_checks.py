"""Every line about thieves that cannot be, in full, and the nearest case that can."""

import pytest

from distillab.core.errors import SpecError

FEW = {"labels": 60, "label_smoothing": 0.1}
BLOBS = {"name": "synthetic", "size": 8, "train_images": 50}


def lines_of(params_of, override, preset="tiny"):
    """What is said about an override, without the word that starts each line."""
    try:
        params_of(override, preset)
    except SpecError as error:
        return [line.removeprefix("params: ") for line in str(error).splitlines()]
    return []


def thief(**given):
    return {"thieves": {"poor": given}}


def named(name, **given):
    return {"thieves": {name: given}}


SMALL = {"data": BLOBS | {"val": 10, "train_limit": None, "test_limit": 20, "classes": 4}}
"""Blobs of 255 levels as the run's own data."""


@pytest.mark.parametrize(
    ("override", "lines"),
    [
        (
            thief(labels=60),
            [
                "thieves.poor.label_smoothing: expected a value, as 60 labels leave none to choose it on; say what was "
                "fixed beforehand, such as 0.1"
            ],
        ),
        (
            thief(**FEW, queries="other_data"),
            ["thieves.poor.data: expected a data set, as other_data is asked about; got none; name one"],
        ),
        (
            thief(**FEW, data={"name": "digits"}),
            ["thieves.poor.queries: expected other_data, as data names one; got 'labeled'; or take data out"],
        ),
        (
            thief(**FEW, queries="other_data", data=BLOBS),
            [
                "thieves.poor.data: expected images of shape (1, 8, 8) with 16 levels; got shape (1, 8, 8) with 255 "
                "levels; choose others"
            ],
        ),
        (
            SMALL | thief(labels=20, label_smoothing=0.1, queries="other_data", data=BLOBS | {"channels": 3}),
            [
                "thieves.poor.data: expected images of shape (1, 8, 8) with 255 levels; got shape (3, 8, 8) with 255 "
                "levels; choose others"
            ],
        ),
        (
            thief(**FEW, defenses=["ce", "nt"], attacks=["scm", "kd"]),
            [
                "thieves.poor.defenses: expected some of ce, ls, st, cmim; got 'nt'",
                "thieves.poor.attacks: expected some of kd, mkd; got 'scm'",
            ],
        ),
        (
            named("paper", answers="label"),
            ["thieves.paper: expected the papers' means; got {'answers': 'label'}; give yours another name"],
        ),
        (
            named("paper", **FEW),
            ["thieves.paper: expected the papers' means; got {'labels': 60}; give yours another name"],
        ),
        (
            thief(labels=401, label_smoothing=0.1),
            ["thieves.poor.labels: expected at most the 400 training images; got 401; or say all"],
        ),
        (
            thief(labels=1378, label_smoothing=0.1) | {"data": {"train_limit": None}},
            ["thieves.poor.labels: expected at most the 1377 training images; got 1378; or say all"],
        ),
        (
            {"label_curve": {"labels": [10, 500]}},
            ["label_curve.labels: expected at most the 400 training images; got 500; or say all"],
        ),
        (
            thief(**FEW) | {"knockoff": {"attacks": {"nets": {"name": "knockoff_random", "budget": 61}}}},
            [
                "thieves.poor.attacks: nets asks about 61 images; expected at most the 60 labeled ones; name other "
                "attacks, or let it ask about more"
            ],
        ),
        (
            {"thieves": {"*": None, "poor": FEW}, "headline": {"seeds": [8]}},
            ["headline.thieves: expected some of poor; got 'paper'"],
        ),
        (
            {"decide": {"looks": [4, 8, 8]}},
            ["decide.looks: expected increasing numbers of seeds; got [4, 8, 8]"],
        ),
        (
            {"decide": {"asked": {"rich": {"ce": {"kd": 4}}, "paper": {"nt": {"kd": 4}, "ls": {"scm": 5}}}}},
            [
                "decide.asked: expected some of paper; got 'rich'",
                "decide.asked.paper: expected some of ce, ls, st, cmim; got 'nt'",
                "decide.asked.paper.ls: expected some of kd, mkd; got 'scm'",
            ],
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be(params_of, override, lines):
    assert lines_of(params_of, override) == lines


NETS = {"knockoff": {"attacks": {"nets": {"name": "knockoff_random", "budget": 61}}}}


@pytest.mark.parametrize(
    "override",
    [
        {"thieves": {"*": None, "poor": FEW}},
        thief(**FEW),
        thief(labels=400, label_smoothing=0),
        thief(labels=1377, label_smoothing=0) | {"data": {"train_limit": None}},
        thief(queries="all"),
        thief(labels=200, label_smoothing=0, answers={"top": 2}, defenses=["ce"], attacks=["mkd"]),
        SMALL | thief(labels=20, label_smoothing=0.1, queries="other_data", data=BLOBS | {"classes": 9}),
        SMALL | thief(queries="other_data", data=BLOBS),
        named("paper", seeds=3, control_seeds=9, attacks=["kd"], label_smoothing=0.2),
        {"label_curve": {"labels": [1, 400]}},
        {"decide": {"looks": [3, 4], "asked": {"paper": {"ce": {"kd": 4}}}}},
        thief(**FEW, attacks=["kd"]) | NETS,
        thief(**FEW, queries="all") | NETS,
        thief(labels=61, label_smoothing=0.1) | NETS,
    ],
    ids=str,
)
def test_what_can_be(params_of, override):
    assert lines_of(params_of, override) == []


def test_images_on_disk_are_no_thiefs(params_of):
    disk = {"name": "imagenet", "size": 224, "classes": 1000}
    given = thief(**FEW, queries="other_data", data=disk)
    assert lines_of(params_of, given, preset="imagenet") == [
        "thieves.poor.data: expected data sets that fit in memory; choose others"
    ]
