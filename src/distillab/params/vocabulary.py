"""The words of the parameters: studies, stages, and the unions of all registered methods."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, StringConstraints

from distillab.attacks import ATTACKS
from distillab.certify import CERTIFIERS
from distillab.core.stages import BATCHABLE
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.models import MODELS
from distillab.specs.attack import AttackSpec
from distillab.specs.certifier import CertifierSpec
from distillab.specs.data import DataSpec
from distillab.specs.defense import DefenseSpec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.model import ModelSpec
from distillab.studies import STUDIES

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""A name a user gives to a method with its parameters; part of file names."""


def _named(value: object) -> object:
    """``resnet18`` is short for ``{name: resnet18}``."""
    return {"name": value} if isinstance(value, str) else value


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - what a user wrote
    """In a table of named methods, ``null`` takes an inherited one out."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


if TYPE_CHECKING:
    AnyData: TypeAlias = DataSpec
    AnyModel: TypeAlias = ModelSpec
    AnyDefense: TypeAlias = DefenseSpec
    AnyKnockoff: TypeAlias = KnockoffSpec
    AnyAttack: TypeAlias = AttackSpec
    AnyCertifier: TypeAlias = CertifierSpec
    StageName: TypeAlias = str
    StudyName: TypeAlias = str
else:
    AnyData = DATASETS.union
    AnyModel = Annotated[MODELS.union, BeforeValidator(_named)]
    AnyDefense, AnyKnockoff = DEFENSES.union, KNOCKOFFS.union
    AnyAttack, AnyCertifier = ATTACKS.union, CERTIFIERS.union
    StageName = Literal[tuple(BATCHABLE)]
    StudyName = Literal[tuple(STUDIES)]
