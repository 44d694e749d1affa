"""The words of the parameters: studies, stages and their axes, and the unions of all registered methods."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, StringConstraints

from distillab.attacks import ATTACKS
from distillab.certify import CERTIFIERS
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.models import MODELS
from distillab.specs.attack import AttackSpec, Family
from distillab.specs.certifier import CertifierSpec
from distillab.specs.data import DataSpec
from distillab.specs.defense import DefenseSpec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.model import ModelSpec

Study = Literal["undistillable", "ta", "sparse", "adversarial", "certified"]
"""One per source document; each has one report."""

STUDIES: dict[Study, tuple[Family, ...]] = {
    "undistillable": ("teachers", "students", "knockoffs"),
    "ta": ("chains",),
    "sparse": ("teachers", "students", "knockoffs"),
    "adversarial": ("teachers", "chains"),
    "certified": ("teachers",),
}
"""The models that each study's report is about."""

Stage = Literal["teach", "baseline", "knockoff", "distill", "measure", "sensitivity", "attack", "certify"]

AXES: dict[str, tuple[str, ...]] = {
    "teach": ("teacher", "seed"),
    "baseline": ("student", "seed"),
    "knockoff": ("teacher", "knockoff", "seed"),
    "distill": ("chain", "temperature", "step", "part", "seed"),
    "measure": ("family", "model", "seed"),
    "sensitivity": ("family", "model", "seed"),
    "attack": ("family", "model", "attack", "logits", "seed"),
    "certify": ("family", "model", "certifier", "seed"),
}
"""The wildcards of each stage; ``batch`` names those a job loops over."""

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
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
else:
    AnyData = DATASETS.union
    AnyModel = Annotated[MODELS.union, BeforeValidator(_named)]
    AnyDefense, AnyKnockoff = DEFENSES.union, KNOCKOFFS.union
    AnyAttack, AnyCertifier = ATTACKS.union, CERTIFIERS.union
