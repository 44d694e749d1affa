"""A mistake in what a preset brought is told as the preset's, and how to take that out."""

import pytest
from pydantic import BeforeValidator

from distillab.core.errors import SpecError
from distillab.params.layers import ParamsLayers
from distillab.params.owners import TABLES, with_owner
from distillab.params.root import Params
from distillab.params.vocabulary import without_nulls

LAYERS = ParamsLayers(
    "small",
    {
        "config/base.yaml": {"seeds": [1], "thieves": {"poor": {"labels": 5}}, "chains": {"ta": {"steps": 1}}},
        "config/small.yaml": {"chains": {"ta": {"steps": 2}}, "robustness": {"attacks": {"pgd": {"eps": 1}}}},
    },
    {"chains": {"mine": {"steps": 9}}, "defenses": {"ce": 5}},
)
OUT = "change it, or take it out with"


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("chains.ta.steps: x", f"chains.ta is config/small.yaml's: {OUT} `chains: {{ta: null}}` under override"),
        ("thieves.poor: x", f"thieves.poor is config/base.yaml's: {OUT} `thieves: {{poor: null}}` under override"),
        (
            "robustness.attacks.pgd.eps: x",
            f"robustness.attacks.pgd is config/small.yaml's: {OUT} `robustness: {{attacks: {{pgd: null}}}}` under "
            "override",
        ),
        ("seeds[3]: x", "seeds is config/base.yaml's: write your own under override"),
        ("seeds: x", "seeds is config/base.yaml's: write your own under override"),
        ("chains.mine.steps: x", None),
        ("defenses.ce.train.epochs: x", None),
        ("chains.ta.networks: x", None),
        ("train.epochs: missing", None),
        ("too much for one run; expected less", None),
    ],
)
def test_a_line_by_hand(line, after):
    assert with_owner(f"params: {line}", LAYERS) == f"params: {line}" + (f"; {after}" if after else "")


def test_removing_a_defense_says_whose_chain_started_from_it(params_of):
    with pytest.raises(SpecError) as error:
        params_of({"defenses": {"madry": None}}, "digits")
    chain, certified = str(error.value).splitlines()
    assert chain.startswith("params: chains.survival.teacher_defense: expected one of ce, ")
    assert chain.endswith(
        f"; got 'madry'; chains.survival is config/digits.yaml's: {OUT} `chains: {{survival: null}}` under override"
    )
    assert certified.endswith("certification.defenses is config/digits.yaml's: write your own under override")


def test_what_it_says_helps(params_of):
    override = {"defenses": {"madry": None}, "chains": {"survival": None}, "certification": {"defenses": ["ce"]}}
    assert "survival" not in params_of(override, "digits").chains


def test_tables_are_those_in_which_null_takes_out():
    def found(model, place=()):
        for name, field in model.model_fields.items():
            if any(isinstance(item, BeforeValidator) and item.func is without_nulls for item in field.metadata):
                yield (*place, name)
            elif not place and hasattr(field.annotation, "model_fields"):
                yield from found(field.annotation, (name,))

    assert sorted(found(Params)) == sorted(TABLES)
