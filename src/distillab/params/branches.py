"""Of a value that may be written in several forms: the mistakes of the form that was meant, or the forms there are."""

from itertools import groupby

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from distillab.params.annotations import Annotation, annotation_at, as_model, bare, is_of_forms, members

OTHER_FORM = {"literal_error", "model_type", "model_attributes_type", "int_parsing", "int_type"}
"""What pydantic calls a value that is not of a form at all."""


def of_one_form(details: list[ErrorDetails], model: type[BaseModel]) -> list[ErrorDetails]:
    """The mistakes; of those that pydantic tells of every form of a value, those of one form."""
    found: list[ErrorDetails] = []
    for depth, group in groupby(details, key=lambda detail: _depth(detail, model)):
        if depth is None:
            found += group
            continue
        for place, same in groupby(group, key=lambda detail: detail["loc"][:depth]):
            found += _meant(list(same), depth, annotation_at(place, model))
    return found


def _depth(detail: ErrorDetails, model: type[BaseModel]) -> int | None:
    """How many steps lead to a value of several forms; None where none does."""
    loc = detail["loc"]
    return next((d for d in range(1, len(loc)) if is_of_forms(annotation_at(loc[:d], model))), None)


def _meant(details: list[ErrorDetails], depth: int, annotation: Annotation) -> list[ErrorDetails]:
    by_form: dict[int | str, list[ErrorDetails]] = {}
    for detail in details:
        by_form.setdefault(detail["loc"][depth], []).append(detail)
    near = [form for form in by_form.values() if not any(detail["type"] in OTHER_FORM for detail in form)]
    if near:
        return min(near, key=lambda form: sum(detail["type"] in {"extra_forbidden", "missing"} for detail in form))
    forms = " or ".join(map(_form, members(annotation)))
    first = next(detail for detail in details if len(detail["loc"]) == depth + 1)
    return [{**first, "type": "value_error", "loc": first["loc"][:depth], "msg": f"expected {forms}"}]


def _form(member: Annotation) -> str:
    """How a form is written."""
    model = as_model(member)
    if model is not None:
        return f"{{{', '.join(f'{name}: ...' for name in model.model_fields)}}}"
    values = getattr(bare(member), "__args__", ())
    return ", ".join(map(str, values)) if values else "a number"
