"""Specs are closed and frozen; their identity is what can change a payload."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from distillab.core.bounds import Fractional, parse_fraction
from distillab.specs.base import CHOOSING, PASSING, MethodSpec, Spec


class Leaf(Spec):
    eps: Fractional = 0.1
    workers: int = Field(default=1, json_schema_extra=PASSING)


class Tree(MethodSpec):
    name: Literal["tree"] = "tree"
    leaf: Leaf = Leaf()
    table: dict[str, Leaf] = Field(default={})
    row: tuple[Leaf, ...] = ()
    maybe: Leaf | None = None
    words: tuple[str, ...] = ("a",)
    device: str = Field(default="cpu", json_schema_extra=PASSING, description="described")


TALL = Tree(leaf=Leaf(eps=1), table={"x": Leaf(eps=2)}, row=(Leaf(eps=3), Leaf(eps=4)), maybe=Leaf(eps=5))


def test_unknown_keys_and_changes_are_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        Leaf(epsilon=1)
    with pytest.raises(ValidationError, match="frozen"):
        Leaf().eps = 2


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), "inf"])
def test_numbers_are_finite(value):
    with pytest.raises(ValidationError, match="finite"):
        Leaf(eps=value)


def test_identity_passes_over_what_changes_no_byte():
    assert Leaf().identity() == {"eps": 0.1}
    fast = TALL.model_copy(
        update={"device": "cuda", "row": (Leaf(eps=3, workers=8), Leaf(eps=4)), "table": {"x": Leaf(eps=2, workers=9)}}
    )
    assert fast.identity() == TALL.identity()
    assert fast.plain() != TALL.plain()


@pytest.mark.parametrize(
    "change",
    [
        {"leaf": Leaf(eps=9)},
        {"table": {"x": Leaf(eps=9)}},
        {"table": {"y": Leaf(eps=2)}},
        {"row": (Leaf(eps=4), Leaf(eps=3))},
        {"maybe": None},
        {"words": ()},
    ],
)
def test_identity_holds_everything_else(change):
    assert TALL.model_copy(update=change).identity() != TALL.identity()


def test_identity_is_json_and_names_the_method():
    assert TALL.identity() == {
        "name": "tree",
        "leaf": {"eps": 1.0},
        "table": {"x": {"eps": 2.0}},
        "row": [{"eps": 3.0}, {"eps": 4.0}],
        "maybe": {"eps": 5.0},
        "words": ["a"],
    }


def test_what_chooses_payloads_is_told_where_it_is_asked_for():
    class Chosen(Spec):
        of: tuple[str, ...] = Field(default=(), json_schema_extra=CHOOSING)
        leaf: Leaf = Leaf()

    assert Chosen(of=("a",)).identity() == {"leaf": {"eps": 0.1}}
    assert Chosen(of=("a",)).identity(choices=True) == {"of": ["a"], "leaf": {"eps": 0.1}}


def test_the_plain_form_is_complete_and_reads_back():
    assert Tree().plain()["leaf"] == {"eps": 0.1, "workers": 1}
    assert Tree.model_validate(TALL.plain()) == TALL


def test_a_walk_visits_every_spec_once_depth_first():
    walk = list(TALL.walk())
    assert walk[0] is TALL
    assert [spec.eps for spec in walk[1:]] == [1, 2, 3, 4, 5]


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_a_fraction_is_the_nearest_float(numerator, denominator):
    assert parse_fraction(f"{numerator}/{denominator}") == numerator / denominator
    assert Leaf(eps=f"{numerator}/{denominator}").eps == numerator / denominator


@pytest.mark.parametrize("value", [8, 0.5, "0.5", "eight", None])
def test_other_values_are_left_to_pydantic(value):
    assert parse_fraction(value) is value


@pytest.mark.parametrize("value", ["8/0", "a/b", "1/2/3", "/"])
def test_broken_fractions_are_refused(value):
    with pytest.raises(ValidationError, match="not a fraction"):
        Leaf(eps=value)


def test_fields_without_a_mark_count():
    class Extra(Spec):
        noted: int = Field(default=1, json_schema_extra={"example": 3})

    assert Extra().identity() == {"noted": 1}
