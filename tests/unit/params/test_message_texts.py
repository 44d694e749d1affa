"""Every form of a validation message, word by word, on models small enough to read."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, StringConstraints, field_validator

from distillab.core.errors import SpecError
from distillab.params.annotations import method_variants
from distillab.params.messages import all_errors, validate


class Closed(BaseModel, extra="forbid"):
    """A record that takes no unknown keys."""


class Sgd(Closed):
    """A method with a required number."""

    name: Literal["sgd"] = "sgd"
    rate: float = Field(gt=0, description="Step of the WEIGHTS.")


class Adam(Closed):
    """A method with numbers that have defaults."""

    name: Literal["adam"] = "adam"
    betas: tuple[float, ...] = (0.9, 0.999)
    decay: float = 0.0


class Bare(Closed):
    """A method without parameters."""

    name: Literal["bare"] = "bare"


AnyMethod = Annotated[Sgd | Adam | Bare, Field(discriminator="name")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Inner(Closed):
    """Part of the root."""

    depth: int = Field(default=1, ge=1, lt=9)
    plain: int = 0
    must: int


class Top(Closed):
    """One of two forms."""

    top: int = Field(ge=1)


class Rounded(Closed):
    """The other form."""

    rounded: int
    digits: int = 0


class Root(Closed):
    """What a user writes."""

    form: Literal["all", "none"] | Top | Rounded = "all"
    labels: Literal["all"] | Annotated[int, Field(ge=1)] = "all"
    rate: float = 0
    on: bool = False
    maybe: AnyMethod | None = None

    count: int = 1
    mode: Literal["fast", "slow", "strict"] = "fast"
    pair: tuple[int, ...] = (1,)
    inner: Inner | None = None
    method: AnyMethod = Bare()
    methods: dict[Word, AnyMethod] = {}
    inners: tuple[Inner, ...] = Field(default=(), min_length=1)
    odd: int = 1
    shape: tuple[int, int] = Field(default=(1, 2), description="LS height and width.")

    @field_validator("odd")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("Expected an odd number")
        return value


ROOT = "form, labels, rate, on, maybe, count, mode, pair, inner, method, methods, inners, odd, shape"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"cuont": 1}, f"cuont: unknown key; expected one of {ROOT}; did you mean count?"),
        ({"zzzzzz": 1}, f"zzzzzz: unknown key; expected one of {ROOT}"),
        (
            {"inner": {"must": 1, "dept": 2}},
            "inner.dept: unknown key; expected one of depth, plain, must; did you mean depth?",
        ),
        (
            {"inners": [{"must": 1}, {"must": 1, "musst": 2}]},
            "inners[1].musst: unknown key; expected one of depth, plain, must; did you mean must?",
        ),
        ({"method": {"name": "bare", "x": 1}}, "method.x: unknown key; no key is allowed here"),
        (
            {"method": {"name": "adam", "beta": 1}},
            "method.beta: unknown key; expected one of betas, decay; did you mean betas?",
        ),
        (
            {"methods": {"adam": {"name": "sgd", "rate": 1, "rates": 1}}},
            "methods.adam.rates: unknown key; expected one of rate; did you mean rate?",
        ),
        ({"inner": {}}, "inner.must: missing; expected a value"),
        ({"method": {"name": "sgd"}}, "method.rate: missing; expected step of the WEIGHTS"),
        ({"methods": {"mine": {"name": "sgd"}}}, "methods.mine.rate: missing; expected step of the WEIGHTS"),
        ({"method": {"name": "sdg"}}, "method: expected one of sgd, adam, bare; got 'sdg'; did you mean sgd?"),
        ({"method": {"name": "qqqq"}}, "method: expected one of sgd, adam, bare; got 'qqqq'"),
        (
            {"methods": {"mine": {"name": "adm"}}},
            "methods.mine: expected one of sgd, adam, bare; got 'adm'; did you mean adam?",
        ),
        ({"method": {"rate": 1}}, "method: no method is named; expected name: one of sgd, adam, bare"),
        ({"methods": {"mine": {}}}, "methods.mine: no method is named; expected name: one of sgd, adam, bare"),
        ({"mode": "strickt"}, "mode: expected one of fast, slow, strict; got 'strickt'; did you mean strict?"),
        ({"mode": 3}, "mode: expected one of fast, slow, strict; got 3"),
        ({"inner": 5}, "inner: expected key: value pairs; got 5"),
        ({"methods": [1]}, "methods: expected key: value pairs; got [1]"),
        ({"method": "sgd"}, "method: expected key: value pairs; got 'sgd'"),
        ({"pair": 5}, "pair: expected a list; got 5"),
        ({"pair": [1, "x"]}, "pair[1]: expected a valid integer, unable to parse string as an integer; got 'x'"),
        (
            {"methods": {"A-1": {"name": "bare"}}},
            "methods.A-1: expected a name of at most 40 lower-case letters, digits and _; got 'A-1'",
        ),
        ({"inners": []}, "inners: expected at least one entry; got none"),
        ({"inner": {"must": 1, "depth": 0}}, "inner.depth: expected a number greater than or equal to 1; got 0"),
        ({"inner": {"must": 1, "depth": 9}}, "inner.depth: expected a number less than 9; got 9"),
        ({"method": {"name": "sgd", "rate": -1}}, "method.rate: expected a number greater than 0; got -1"),
        ({"count": {"a": 1}}, "count: expected a valid integer"),
        ({"form": "al"}, "form: expected all, none or {top: ...} or {rounded: ..., digits: ...}; got 'al'"),
        ({"form": 5}, "form: expected all, none or {top: ...} or {rounded: ..., digits: ...}; got 5"),
        ({"form": {"top": 0}}, "form.top: expected a number greater than or equal to 1; got 0"),
        (
            {"form": {"rounded": 1, "digit": 3}},
            "form.digit: unknown key; expected one of rounded, digits; did you mean digits?",
        ),
        ({"labels": 0}, "labels: expected a number greater than or equal to 1; got 0"),
        ({"labels": "most"}, "labels: expected all or a number; got 'most'"),
        ({"maybe": {"name": "sdg"}}, "maybe: expected one of sgd, adam, bare; got 'sdg'; did you mean sgd?"),
        ({"count": True}, "count: expected a number; got true or false"),
        ({"rate": False}, "rate: expected a number; got true or false"),
        ({"pair": [3, True]}, "pair[1]: expected a number; got true or false"),
        ({"methods": {"m": {"name": "adam", "decay": True}}}, "methods.m.decay: expected a number; got true or false"),
        ({"labels": True}, "labels: expected a number; got true or false"),
        ({"x" * 90: 1}, f"{'x' * 18}...{'x' * 18}: unknown key; expected one of {ROOT}"),
        ({"mode": "\x1b[2J"}, "mode: expected one of fast, slow, strict; got '\\x1b[2J'"),
        (
            {"count": "9" * 5000},
            f"count: unable to parse input string as an integer, exceeded maximum size; got '{'9' * 27}...{'9' * 28}'",
        ),
        ({"odd": 2}, "odd: expected an odd number; got 2"),
        ({"shape": [1]}, "shape[1]: missing; expected LS height and width"),
    ],
)
def test_a_mistake_word_by_word(content, says):
    with pytest.raises(SpecError) as error:
        validate(Root, content)
    assert str(error.value) == f"params: {says}"


def test_what_is_right_is_a_model():
    assert validate(Root, {"count": 3, "inner": None, "inners": [{"must": 1}]}).count == 3


def test_a_list_is_not_called_too_short_for_its_wrong_items():
    class Two(Closed):
        items: tuple[Inner, ...] = Field(min_length=2)
        others: tuple[int, ...] = Field(min_length=1)

    with pytest.raises(SpecError) as error:
        validate(Two, {"items": [{"must": "x"}], "others": []})
    assert [line.split(":")[1].strip() for line in str(error.value).splitlines()] == ["items[0].must", "others"]


def test_a_truth_value_is_one_where_it_belongs():
    assert validate(Root, {"on": True, "inners": [{"must": 1}]}).on is True


def test_no_more_is_told_than_a_person_reads():
    lines = str(all_errors([f"line {number}" for number in range(50)])).splitlines()
    assert lines == [*(f"line {number}" for number in range(20)), "and 30 more"]
    assert len(str(all_errors(["x" * 10_000]))) <= 900


def test_lines_are_shown_once_and_in_order():
    assert str(all_errors(["b", "a", "b"])) == "b\na"
    assert all_errors(["a"]).exit_code == 2


def test_variants_are_the_methods_of_a_union():
    assert method_variants(AnyMethod) == {"sgd": Sgd, "adam": Adam, "bare": Bare}
    assert method_variants(Sgd | Inner) == {"sgd": Sgd}
    assert method_variants(int | str) == method_variants(Sgd) == method_variants(tuple[Sgd, ...]) == {}
