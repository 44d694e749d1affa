"""The base of every spec: closed, typed, frozen, and hashed by its content."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo


class Spec(BaseModel):
    """A closed, frozen record of parameters; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    def walk(self) -> Iterator["Spec"]:
        """This spec and every spec inside it, depth first."""
        yield self
        for name in type(self).model_fields:
            yield from _specs_in(getattr(self, name))

    def plain(self) -> dict[str, Any]:
        """The JSON form, every default written out."""
        return self.model_dump(mode="json")

    def identity(self, *, choices: bool = False) -> dict[str, Any]:
        """The JSON form without the fields that cannot change a payload: what is hashed.

        With ``choices`` the fields that say which payloads there are stay.
        """
        left_out = {"how"} if choices else {"how", "which"}
        return {
            name: _identity(getattr(self, name), choices=choices)
            for name, field in type(self).model_fields.items()
            if _passing(field) not in left_out
        }


PASSING: JsonDict = {"passing": "how"}
"""``Field(json_schema_extra=PASSING)``: the field changes how a payload is made, never its bytes."""

CHOOSING: JsonDict = {"passing": "which"}
"""``Field(json_schema_extra=CHOOSING)``: the field says which payloads there are, and changes the bytes of none."""


class MethodSpec(Spec):
    """A method's parameters; facts about the method stand beside them as class variables."""

    name: str
    """The method's name in parameters; a literal in each method."""

    paper: ClassVar[str] = ""
    """Authors, venue, year."""

    grade: ClassVar[str] = "V"
    """Provenance: V verified, P one paper only, S second-hand, R reconstruction."""

    label: ClassVar[str] = ""
    """What a report calls the method."""

    @property
    def display_name(self) -> str:
        """The label, with what these parameters make of the method."""
        return self.label


def _specs_in(value: object) -> Iterator[Spec]:
    if isinstance(value, Spec):
        yield from value.walk()
    elif isinstance(value, dict):
        for item in value.values():
            yield from _specs_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _specs_in(item)


def _passing(field: FieldInfo) -> str:
    return str(field.json_schema_extra.get("passing", "")) if isinstance(field.json_schema_extra, dict) else ""


def _identity(value: object, *, choices: bool) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Spec):
        return value.identity(choices=choices)
    if isinstance(value, dict):
        return {str(key): _identity(item, choices=choices) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_identity(item, choices=choices) for item in value]
    return value
