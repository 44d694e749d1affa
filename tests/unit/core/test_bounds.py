"""Numbers of parameters have limits, and say why."""

from typing import Annotated, get_args

import pytest
from annotated_types import Le, Lt
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from distillab.core.bounds import Limits, PixelLength, Steps, Temperature
from distillab.params.root import Params


class Reached(BaseModel):
    """A number that is limited by what is beyond it."""

    steps: Steps = Field(default=1, ge=1)
    lengths: tuple[PixelLength, ...] = ()
    warmth: Temperature | None = None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"steps": 100_001}, "expected at most 100000: every step is a pass"),
        ({"steps": 0}, "greater than or equal to 1"),
        ({"steps": 10**30}, "expected at most 100000"),
        ({"lengths": [1, "2000001/2"]}, "expected at most 1000000: pixels are"),
        ({"lengths": [f"{10**400}/1"]}, "not a fraction"),
        ({"warmth": 0.0009}, "expected at least 0.001: logits"),
        ({"warmth": -5}, "expected at least 0.001"),
        ({"warmth": float("nan")}, "expected at most 10000"),
    ],
)
def test_what_is_beyond_is_refused_with_the_reason(values, says):
    with pytest.raises(ValidationError, match=says):
        Reached(**values)


def test_limits_themselves_are_allowed():
    found = Reached(steps=100_000, lengths=("2000000/2", 0), warmth=0.001)
    assert (found.steps, found.lengths, found.warmth) == (100_000, (1e6, 0.0), 0.001)


def test_editors_know_the_limits():
    schema = TypeAdapter(Annotated[int, Limits(9, "of nine", least=3)]).json_schema()
    assert schema == {"type": "integer", "maximum": 9, "minimum": 3}


def numbers(annotation, metadata, place, seen):
    """Every number in a type, with what limits it."""
    if hasattr(annotation, "__metadata__"):
        yield from numbers(get_args(annotation)[0], (*metadata, *annotation.__metadata__), place, seen)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            for name, field in annotation.model_fields.items():
                yield from numbers(field.annotation, tuple(field.metadata), f"{annotation.__name__}.{name}", seen)
    elif annotation in (int, float):
        yield place, metadata
    for argument in get_args(annotation) if not hasattr(annotation, "__metadata__") else ():
        yield from numbers(argument, metadata, place, seen)


def limits(metadata):
    inside = [part for item in metadata for part in (item, *getattr(item, "metadata", ()))]
    return [part for part in inside if isinstance(part, Limits | Le | Lt)]


def test_every_number_of_the_parameters_has_a_largest_value():
    found = list(numbers(Params, (), "", set()))
    assert len(found) > 150
    assert [place for place, metadata in found if not limits(metadata)] == []
