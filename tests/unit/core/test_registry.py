"""A registry is what it lists, and an unknown name is answered with the known ones."""

from typing import Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from distillab.core.errors import SpecError
from distillab.core.registry import Registry, name_of


class Nasty(BaseModel):
    name: Literal["nasty"] = "nasty"
    omega: float = 0.04


class Stingy(BaseModel):
    name: Literal["stingy"] = "stingy"


def test_order_names_and_lookup():
    registry = Registry("defense", Stingy, Nasty)
    assert registry.names == ("stingy", "nasty")
    assert list(registry) == [Stingy, Nasty]
    assert len(registry) == 2
    assert registry["nasty"] is Nasty
    assert name_of(Stingy) == "stingy"


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        SpecError, match=r"unknown defense; expected one of nasty, stingy; got 'nastie'; did you mean nasty?"
    ):
        Registry("defense", Nasty, Stingy)["nastie"]
    with pytest.raises(SpecError) as error:
        Registry("defense", Nasty)["zzz"]
    assert "did you mean" not in str(error.value)


def test_a_name_is_given_once():
    with pytest.raises(SpecError, match="two defenses share a name"):
        Registry("defense", Nasty, Nasty)


@pytest.mark.parametrize("members", [(Nasty, Stingy), (Nasty,)])
def test_the_union_tells_specs_apart_by_name(members):
    registry = Registry("defense", *members)
    for member in members:
        assert type(TypeAdapter(registry.union).validate_python({"name": name_of(member)})) is member
    assert registry.parse({"name": "nasty", "omega": 2}) == Nasty(omega=2)
