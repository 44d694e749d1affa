"""The root of the parameters, assembled from the registries: closed, typed, frozen."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints

from distillab.attacks import ATTACKS
from distillab.data import DATASETS
from distillab.defenses import DEFENSES
from distillab.knockoff import KNOCKOFFS
from distillab.models import MODELS
from distillab.specs.attack import AttackSpec
from distillab.specs.base import PASSING, Spec
from distillab.specs.data import DataSpec
from distillab.specs.defense import DefenseSpec
from distillab.specs.knockoff import KnockoffSpec
from distillab.specs.model import ModelSpec
from distillab.specs.train import TrainSpec

Study = Literal["undistillable"]
"""One per source document; each has one report."""

Family = Literal["teachers", "students", "knockoffs"]
"""What a model is: a defended teacher, an LS student, a knockoff."""

Stage = Literal["teach", "baseline", "knockoff", "measure", "attack"]

AXES: dict[str, tuple[str, ...]] = {
    "teach": ("teacher", "seed"),
    "baseline": ("student", "seed"),
    "knockoff": ("teacher", "knockoff", "seed"),
    "measure": ("family", "model", "seed"),
    "attack": ("family", "model", "attack", "seed"),
}
"""The wildcards of each stage; ``batch`` names those a job loops over."""

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""A name a user gives to a method with its parameters; part of file names."""


def _named(value: object) -> object:
    """``resnet18`` is short for ``{name: resnet18}``."""
    return {"name": value} if isinstance(value, str) else value


def _without_nulls(value: object) -> object:
    """In a table of named methods, ``null`` takes an inherited one out."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


if TYPE_CHECKING:
    AnyData: TypeAlias = DataSpec
    AnyModel: TypeAlias = ModelSpec
    AnyDefense: TypeAlias = DefenseSpec
    AnyKnockoff: TypeAlias = KnockoffSpec
    AnyAttack: TypeAlias = AttackSpec
else:
    AnyData = DATASETS.union
    AnyModel = Annotated[MODELS.union, BeforeValidator(_named)]
    AnyDefense, AnyKnockoff, AnyAttack = DEFENSES.union, KNOCKOFFS.union, ATTACKS.union


class Pair(Spec):
    """A teacher's network and the network a thief would use."""

    teacher: AnyModel = Field(description="Network of the teachers")
    student: AnyModel = Field(description="Network of the LS students and the knockoffs")


class KnockoffParams(Spec):
    """The columns of the knockoff matrix, and the baseline they must beat."""

    attacks: Annotated[dict[Key, AnyKnockoff], BeforeValidator(_without_nulls)] = Field(
        default={}, description="Distillation attacks by name"
    )
    ls_eps: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        default=(0.1,), min_length=1, description="Label smoothing of the LS student; the best on validation is used"
    )


class RobustnessParams(Spec):
    """The columns of the robustness matrix, and which models stand in its rows."""

    attacks: Annotated[dict[Key, AnyAttack], BeforeValidator(_without_nulls)] = Field(
        default={}, description="Adversarial attacks by name"
    )
    families: tuple[Family, ...] = Field(default=("teachers", "knockoffs"), description="Models that are attacked")
    examples: int = Field(default=4, ge=0, description="Adversarial examples kept for pictures, per model and attack")


class MeasureParams(Spec):
    """What is measured on every model."""

    powers: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=(0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0), description="Powers of the CMI curve"
    )


class Params(Spec):
    """Everything a run depends on."""

    preset: str = Field(description="Name of the overlay in config/")
    studies: tuple[Study, ...] = Field(default=("undistillable",), description="Studies to run and report")
    data: AnyData = Field(description="The data set")
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0,), min_length=1, description="Seeds of every training; runs are paired by seed"
    )
    pairs: tuple[Pair, ...] = Field(min_length=1, description="Teacher and student networks")
    train: TrainSpec = Field(description="Recipe of the teachers")
    student_train: TrainSpec | None = Field(
        default=None, description="Recipe of the students and knockoffs; the teachers' if absent"
    )
    defenses: Annotated[dict[Key, AnyDefense], BeforeValidator(_without_nulls)] = Field(
        min_length=1, description="Defenses by name: the rows of the knockoff matrix"
    )
    knockoff: KnockoffParams = Field(default=KnockoffParams(), description="The knockoff matrix")
    robustness: RobustnessParams = Field(default=RobustnessParams(), description="The robustness matrix")
    measure: MeasureParams = Field(default=MeasureParams(), description="Measurements on every model")
    batch: dict[Stage, tuple[str, ...]] = Field(
        default={}, description="Axes a job of this stage loops over in one process", json_schema_extra=PASSING
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto takes a GPU where there is one", json_schema_extra=PASSING
    )

    @property
    def student_recipe(self) -> TrainSpec:
        """The recipe of students and knockoffs."""
        return self.student_train or self.train


def params_schema() -> dict[str, Any]:
    """The JSON schema of a resolved params file."""
    return Params.model_json_schema()
