"""Validation errors as a user can act on them: key path, expected, got, nearest valid name."""

import re
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from distillab.core.errors import SpecError
from distillab.core.shown import printable, shortened, shown
from distillab.params.annotations import annotation_at, as_model, chosen, inner, method_variants
from distillab.params.branches import of_one_form
from distillab.params.truths import truths_for_numbers

ModelT = TypeVar("ModelT", bound=BaseModel)

KEY_ITSELF = "[key]"
"""What pydantic appends to the place of a mapping's key that is wrong itself."""

KEY_PATTERN = r"^[a-z][a-z0-9_]*$"
"""Of names that a user gives to methods."""

LONGEST_KEY = 40
"""Characters of a name, and of one key of a path in a message."""

MOST_LINES = 20
"""Mistakes that are told at once."""

RENAMED = {"ls_eps": "label_smoothing", "eps": "label_smoothing"}
"""Keys of former versions, where the new one is allowed and the old one is not."""


def validate(model: type[ModelT], content: dict[str, Any], *, where: str = "params") -> ModelT:
    """``content`` as a ``model``.

    Args:
        model: What it should be.
        content: What a user wrote.
        where: What every line begins with.

    Raises:
        SpecError: all errors at once, one line each.
    """
    try:
        valid = model.model_validate(content)
    except ValidationError as error:
        mistakes = of_one_form(_root_causes(error.errors()), model)
        raise all_errors([f"{where}: {_line(mistake, model)}" for mistake in mistakes]) from error
    places = list(truths_for_numbers(content, valid))
    if places:
        raise all_errors([f"{where}: {place}: expected a number; got true or false" for place in places])
    return valid


def all_errors(lines: list[str]) -> SpecError:
    """One error that shows every line once, as many as a person reads."""
    told = list(dict.fromkeys(shortened(printable(line)) for line in lines))
    others = [f"and {len(told) - MOST_LINES} more"] if len(told) > MOST_LINES else []
    error = SpecError("")
    error.args = ("\n".join(told[:MOST_LINES] + others),)
    return error


def _root_causes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without the lists that are too short only because their items are wrong."""
    locations = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(len(loc) > len(detail["loc"]) and loc[: len(detail["loc"])] == detail["loc"] for loc in locations)
    ]


def _line(detail: ErrorDetails, model: type[BaseModel]) -> str:
    path = _key_path(detail["loc"], model)
    given = detail["input"]
    match detail["type"]:
        case "extra_forbidden":
            says = f"unknown key; {_nearest(str(detail['loc'][-1]), _siblings(detail['loc'], model))}"
        case "missing":
            says = f"missing; expected {_description(detail['loc'], model)}"
        case "union_tag_invalid":
            says = _choice(str(detail["ctx"]["tag"]), _methods(detail["loc"], model))
        case "union_tag_not_found":
            says = f"no method is named; expected name: one of {', '.join(_methods(detail['loc'], model))}"
        case "literal_error":
            names = [name.strip(" '") for name in detail["ctx"]["expected"].replace(" or ", ", ").split(",")]
            says = _choice(given, names)
        case "model_attributes_type" | "model_type" | "dict_type":
            says = f"expected key: value pairs; got {shown(given)}"
        case "tuple_type":
            says = f"expected a list; got {shown(given)}"
        case "string_pattern_mismatch" | "string_too_long":
            says = _misfit(given, detail.get("ctx", {}))
        case "too_short":
            says = "expected at least one entry; got none"
        case _:
            says = _translated(detail["msg"]) + ("" if isinstance(given, dict) else f"; got {shown(given)}")
    return f"{path}: {says}"


def _misfit(given: object, bounds: dict[str, Any]) -> str:
    """That a text is none of a pattern, or too long."""
    pattern, longest = str(bounds.get("pattern", "")), bounds.get("max_length", LONGEST_KEY)
    if words := re.fullmatch(r"\^\(([\w|]+)\)\$", pattern):
        return _choice(given, words[1].split("|"))
    if pattern == KEY_PATTERN:
        return f"expected a name of at most {LONGEST_KEY} lower-case letters, digits and _; got {shown(given)}"
    wanted = f"a name that matches {pattern}" if pattern else f"at most {longest} characters"
    return f"expected {wanted}; got {shown(given)}"


def _choice(given: object, names: list[str]) -> str:
    return f"expected one of {', '.join(names)}; got {shown(given)}{_hint(str(given), names)}"


def _translated(message: str) -> str:
    text = message.removeprefix("Value error, ")
    text = re.sub("^Input should be (?=greater|less)", "expected a number ", text)
    text = text.replace("Input should be ", "expected ")
    return text[0].lower() + text[1:]


def _nearest(name: str, names: list[str]) -> str:
    return f"expected one of {', '.join(names)}{_hint(name, names)}" if names else "no key is allowed here"


def _hint(name: str, names: list[str]) -> str:
    renamed = RENAMED.get(name)
    near = [renamed] if renamed in names else get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _key_path(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """The path as a user wrote it: without the union tags that pydantic puts between."""
    parts: list[str] = []
    annotation: Any = model
    for step in loc:
        form = chosen(annotation, step)
        if form is None and step != KEY_ITSELF:
            parts.append(f"[{step}]" if isinstance(step, int) else f".{shortened(step, LONGEST_KEY)}")
        annotation = form or inner(annotation, step)
    return "".join(parts).lstrip(".")


def _methods(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    return list(method_variants(annotation_at(loc, model)))


def _siblings(loc: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    owner = as_model(annotation_at(loc[:-1], model))
    return [] if owner is None else [name for name in owner.model_fields if name != "name"]


def _description(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    if isinstance(loc[-1], int):  # an entry of a list is what its field says
        return _description(loc[:-1], model)
    owner = as_model(annotation_at(loc[:-1], model))
    field = owner.model_fields.get(str(loc[-1])) if owner else None
    text = (field.description if field else "") or "a value"
    return (text if text[:2].isupper() else text[0].lower() + text[1:]).rstrip(".")
