"""A params file as a whole: either parameters that can be run, or every error at once."""

import pytest

from distillab.core.errors import SpecError
from distillab.params.load import load_params


def test_another_preset_has_the_same_override(project):
    root = project({"seeds": [7, 5]})
    found = {preset: load_params(root, preset) for preset in (None, "digits")}
    assert {preset: (params.preset, params.seeds) for preset, params in found.items()} == {
        None: ("tiny", (7, 5)), "digits": ("digits", (7, 5)),
    }  # fmt: skip


def test_all_that_is_impossible_is_told_at_once(project):
    with pytest.raises(SpecError) as error:
        load_params(project({"seeds": [3, 3], "headline": {"attacks": ["dkd"]}}))
    assert str(error.value).splitlines() == [
        "params: seeds: expected distinct seeds; got [3, 3]",
        "params: headline.attacks: expected some of kd, mkd; got 'dkd'",
    ]
