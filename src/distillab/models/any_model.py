"""The type of a network in parameters: any of the registry, or its name alone."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import BeforeValidator

from distillab.models import MODELS
from distillab.specs.model import ModelSpec


def _named(value: object) -> object:
    """``resnet18`` is short for ``{name: resnet18}``."""
    return {"name": value} if isinstance(value, str) else value


if TYPE_CHECKING:
    AnyModel: TypeAlias = ModelSpec
else:
    AnyModel = Annotated[MODELS.union, BeforeValidator(_named)]
