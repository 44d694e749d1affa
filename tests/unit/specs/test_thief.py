"""What tells a thief from the papers', which images it asks about, and whether it has some without their labels."""

import pytest
from pydantic import ValidationError

from distillab.specs.thief import Means, ShareOfImages

HALF = {"share": 0.5}


@pytest.mark.parametrize(
    ("given", "own", "asked", "unlabeled"),
    [
        ({}, {}, {}, False),
        ({"queries": "all"}, {}, {}, False),
        ({"queries": HALF}, {}, {}, False),
        ({"labels": 9}, {"labels": 9}, {"labels": 9}, False),
        ({"labels": 9, "queries": "all"}, {"labels": 9, "queries": "all"}, {}, True),
        ({"labels": 9, "queries": HALF}, {"labels": 9, "queries": HALF}, {"labels": 9, "queries": HALF}, True),
        ({"labels": 9, "queries": "none"}, {"labels": 9, "queries": "none"}, {"labels": 9, "queries": "none"}, False),
        ({"queries": "other_data"}, {"queries": "other_data"}, {"queries": "other_data"}, True),
        ({"labels": 9, "queries": "other_data"}, {"labels": 9, "queries": "other_data"}, None, True),
        ({"answers": "label"}, {"answers": "label"}, {}, False),
        ({"answers": {"top": 2}, "queries": "all"}, {"answers": {"top": 2}}, {}, False),
        ({"answers": {"rounded": 1}, "labels": 3}, {"answers": {"rounded": 1}, "labels": 3}, {"labels": 3}, False),
    ],
    ids=str,
)
def test_what_is_its_own(given, own, asked, unlabeled):
    means = Means.model_validate(given)
    assert means.own == own
    assert means.asked_images == (own if asked is None else asked)
    assert means.holds_unlabeled is unlabeled
    assert Means.model_validate(means.own).own == own, "and it is all that a member need say"


@pytest.mark.parametrize(
    "given",
    [
        {"labels": 0},
        {"labels": "some"},
        {"queries": "half"},
        {"queries": {"share": 0}},
        {"queries": {"share": 1.1}},
        {"answers": {"top": 0}},
        {"answers": {"rounded": -1}},
        {"answers": {"rounded": 7}},
        {"answers": "logits"},
    ],
    ids=str,
)
def test_what_no_thief_can_have(given):
    with pytest.raises(ValidationError):
        Means.model_validate(given)


@pytest.mark.parametrize(("share", "images", "count"), [(0.5, 50, 25), (0.5, 5, 2), (1, 7, 7), (0.01, 20, 1)])
def test_a_share_is_at_least_one_image(share, images, count):
    assert ShareOfImages(share=share).count(images) == count
