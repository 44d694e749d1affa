"""The words of the parameters: studies, stages, and the unions of all registered methods."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, StringConstraints

from distillab.attacks import ATTACKS
from distillab.certify import CERTIFIERS
from distillab.core.stages import BATCHABLE
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.models.brought import BROUGHT
from distillab.specs.attack import AttackSpec
from distillab.specs.brought import BroughtSpec
from distillab.specs.certifier import CertifierSpec
from distillab.specs.data import DataSpec
from distillab.specs.defense import DefenseSpec
from distillab.specs.knockoff import KnockoffSpec
from distillab.studies import STUDIES

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""A name a user gives to a method with its parameters; part of file names."""


def _of_its_kind(value: object) -> object:
    """``{onnx: FILE}`` is short for ``{name: onnx, onnx: FILE}``: one key names where a model is, and its kind."""
    if not isinstance(value, dict) or "name" in value:
        return value
    kinds = [name for name in BROUGHT.names if name in value]
    if len(kinds) != 1:
        raise ValueError(f"expected one of the keys {', '.join(BROUGHT.names)}; got {' and '.join(kinds) or 'none'}")
    return {"name": kinds[0]} | value


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - what a user wrote
    """In a table of named methods, ``null`` takes an inherited one out."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


if TYPE_CHECKING:
    AnyData: TypeAlias = DataSpec
    AnyDefense: TypeAlias = DefenseSpec
    AnyBrought: TypeAlias = BroughtSpec
    AnyKnockoff: TypeAlias = KnockoffSpec
    AnyAttack: TypeAlias = AttackSpec
    AnyCertifier: TypeAlias = CertifierSpec
    StageName: TypeAlias = str
    StudyName: TypeAlias = str
else:
    AnyData = DATASETS.union
    AnyBrought = Annotated[BROUGHT.union, BeforeValidator(_of_its_kind)]
    AnyDefense, AnyKnockoff = DEFENSES.union, KNOCKOFFS.union
    AnyAttack, AnyCertifier = ATTACKS.union, CERTIFIERS.union
    StageName = Literal[tuple(BATCHABLE)]
    StudyName = Literal[tuple(STUDIES)]
