"""What the types of parameters say of a place in them: the methods, models and forms that may stand there."""

from typing import Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel

Annotation: TypeAlias = Any
"""A type expression."""


def annotation_at(loc: tuple[int | str, ...], model: type[BaseModel]) -> Annotation:
    """What may stand at a place as pydantic tells it."""
    annotation: Annotation = model
    for step in loc:
        annotation = chosen(annotation, step) or inner(annotation, step)
    return annotation


def chosen(annotation: Annotation, step: int | str) -> Annotation | None:
    """The method or form of a union that ``step`` names, where pydantic put its name between two keys of the user."""
    variants = method_variants(annotation)
    if len(variants) > 1:
        return variants.get(str(step))
    if not is_of_forms(annotation):
        return None
    forms = members(annotation)
    return next((form for form in forms if getattr(form, "__name__", "") == step), forms[-1])


def inner(annotation: Annotation, step: int | str) -> Annotation:
    """What may stand under a key or in a list."""
    model = as_model(annotation)
    if model is not None:
        field = model.model_fields.get(str(step))
        return field.annotation if field else None
    arguments = get_args(bare(annotation))
    if get_origin(bare(annotation)) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def method_variants(annotation: Annotation) -> dict[str, Any]:
    """Name to spec class of the methods in a union; empty for any other type."""
    models = [as_model(item) for item in members(annotation)]
    return {str(m.model_fields["name"].default): m for m in models if m is not None and "name" in m.model_fields}


def is_of_forms(annotation: Annotation) -> bool:
    """Whether a value may be written in several forms that no name tells apart."""
    return len(members(annotation)) > 1 and len(method_variants(annotation)) < 2


def members(annotation: Annotation) -> list[Annotation]:
    """The types in a union, and in unions inside it, but None; empty for any other type."""
    if not is_union(annotation):
        return []
    items = [item for item in get_args(bare(annotation)) if item is not type(None)]
    return [member for item in items for member in (members(item) or [item])]


def as_model(annotation: Annotation) -> type[BaseModel] | None:
    """The only model that a type allows."""
    single = bare(annotation)
    if isinstance(single, type) and issubclass(single, BaseModel):
        return single
    models = [item for item in members(annotation) if isinstance(item, type) and issubclass(item, BaseModel)]
    return models[0] if len(models) == 1 else None


def is_union(annotation: Annotation) -> bool:
    """Whether one of several types may stand there."""
    return get_origin(bare(annotation)) is Union or type(bare(annotation)).__name__ == "UnionType"


def bare(annotation: Annotation) -> Any:  # noqa: ANN401 - a type expression
    """The type without its constraints."""
    return get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation
