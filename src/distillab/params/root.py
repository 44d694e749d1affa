"""The root of the parameters, assembled from the registries: closed, typed, frozen."""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from distillab.core.bounds import Halvings, Held, ImageCount, PixelLength, Seed, TrialCount
from distillab.core.identity import PAPER, Family
from distillab.models.any_model import AnyModel
from distillab.params.chains import ChainParams
from distillab.params.thieves import DecideParams, LabelCurveParams, Thief
from distillab.params.vocabulary import (
    AnyAttack,
    AnyBrought,
    AnyCertifier,
    AnyData,
    AnyDefense,
    AnyKnockoff,
    Key,
    StageName,
    StudyName,
    without_nulls,
)
from distillab.specs.base import PASSING, Spec
from distillab.specs.defense import PostHocDefense
from distillab.specs.measure import MeasureParams
from distillab.specs.train import TrainSpec
from distillab.studies import STUDIES


class Pair(Spec):
    """A teacher's network and the network a thief would use."""

    teacher: AnyModel = Field(description="Network of the teachers")
    student: AnyModel = Field(description="Network of the LS students and the knockoffs")


class KnockoffParams(Spec):
    """The columns of the knockoff matrix, and the baseline they must beat."""

    attacks: Annotated[dict[Key, AnyKnockoff], BeforeValidator(without_nulls)] = Field(
        default={}, description="Distillation attacks by name"
    )
    label_smoothing: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        default=(0.1,), min_length=1, description="Label smoothing of the LS student; the best on validation is used"
    )
    trials: TrialCount = Field(
        default=0,
        ge=0,
        description="Further settings an attacker tries per attack and teacher; the best on validation is a row more",
    )


class HeadlineParams(Spec):
    """Cells of the knockoff matrix that get more seeds than the others; chosen beforehand, not by their numbers."""

    thieves: tuple[Key, ...] = Field(default=(PAPER,), description="Thieves of the cells")
    defenses: tuple[Key, ...] = Field(default=(), description="Rows of the cells")
    attacks: tuple[Key, ...] = Field(default=(), description="Columns of the cells")
    seeds: tuple[Annotated[Seed, Field(ge=0)], ...] = Field(
        default=(), description="Their further seeds; the LS students get them too"
    )


class RobustnessParams(Spec):
    """The columns of the robustness matrix, and which models stand in its rows."""

    attacks: Annotated[dict[Key, AnyAttack], BeforeValidator(without_nulls)] = Field(
        default={}, description="Adversarial attacks by name"
    )
    families: tuple[Family, ...] = Field(
        default=("teachers", "knockoffs", "chains"),
        description="Models that are attacked; an attack's own `families` comes first",
    )
    transfer: tuple[Key, ...] = Field(
        default=(),
        description="Attacks that are also carried over to teachers, from a copy of another seed, from the unprotected "
        "teacher, and from another network",
    )
    examples: Held = Field(default=4, ge=0, description="Adversarial examples kept for pictures, per model and attack")


class CertificationParams(Spec):
    """The bounds of the study ``certified``, and which models and images they are computed for."""

    certifiers: Annotated[dict[Key, AnyCertifier], BeforeValidator(without_nulls)] = Field(
        default={}, description="Certifiers by name"
    )
    eps: tuple[Annotated[PixelLength, Field(gt=0)], ...] = Field(
        default=(0.1,), min_length=1, description="Radii in pixel units, in increasing order"
    )
    families: tuple[Family, ...] = Field(default=("teachers",), description="Models that are certified")
    defenses: tuple[Key, ...] = Field(
        default=(), description="Of models that have a teacher's defense, only those with one of these; all if empty"
    )
    images: ImageCount | None = Field(default=None, ge=1, description="Only this many first test images")
    radius_steps: Halvings = Field(
        default=0, ge=0, description="Halvings of [0, largest eps] in search of each image's radius; 0 for no search"
    )
    precision: Literal["float32", "float64"] = Field(default="float32", description="Arithmetic of the bounds")

    @field_validator("eps")
    @classmethod
    def _increase(cls, eps: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in pairwise(eps)):
            raise ValueError("expected increasing radii")
        return eps


class SensitivityParams(Spec):
    """Amplitudes of the Jacobian: one backward pass per class and image."""

    families: tuple[Family, ...] = Field(default=("chains",), description="Models that are measured")
    images: ImageCount | None = Field(default=None, ge=1, description="Only this many first test images")


class Params(Spec):
    """Everything a run depends on."""

    preset: str = Field(description="Name of the overlay in config/")
    studies: tuple[StudyName, ...] = Field(
        default=("undistillable",), min_length=1, description="What to run and report"
    )
    data: AnyData = Field(description="The data set")
    seeds: tuple[Annotated[Seed, Field(ge=0)], ...] = Field(
        default=(0,), min_length=1, description="Seeds of every training; runs are paired by seed"
    )
    pairs: tuple[Pair, ...] = Field(min_length=1, description="Teacher and student networks")
    train: TrainSpec = Field(description="Recipe of the teachers, and of chains that have none of their own")
    student_train: TrainSpec | None = Field(
        default=None, description="Recipe of the students and knockoffs; the teachers' if absent"
    )
    defenses: Annotated[dict[Key, AnyDefense], BeforeValidator(without_nulls)] = Field(
        min_length=1, description="Defenses by name: the rows of the knockoff matrix"
    )
    models: Annotated[dict[Key, AnyBrought], BeforeValidator(without_nulls)] = Field(
        default={}, description="Networks from elsewhere by name: rows of the matrices beside the defenses' teachers"
    )
    trusted: tuple[Key, ...] = Field(
        default=(),
        description="Those of `models` that may run code of their own here, as files of some kinds do when read",
        json_schema_extra=PASSING,
    )
    knockoff: KnockoffParams = Field(default=KnockoffParams(), description="The knockoff matrix")
    thieves: Annotated[dict[Key, Thief], BeforeValidator(without_nulls)] = Field(
        default={PAPER: Thief()}, description="Thieves by name; `paper` is the papers' and has all labels"
    )
    label_curve: LabelCurveParams = Field(default=LabelCurveParams(), description="What labels alone are worth")
    decide: DecideParams = Field(default=DecideParams(), description="What decides a verdict")
    headline: HeadlineParams = Field(default=HeadlineParams(), description="Cells with more seeds")
    chains: Annotated[dict[Key, ChainParams], BeforeValidator(without_nulls)] = Field(
        default={}, description="Defensive distillation, from a teacher over assistants to students, by name"
    )
    robustness: RobustnessParams = Field(default=RobustnessParams(), description="The robustness matrix")
    certification: CertificationParams = Field(default=CertificationParams(), description="Certificates of some models")
    measure: MeasureParams = Field(default=MeasureParams(), description="Measurements on every model")
    sensitivity: SensitivityParams = Field(default=SensitivityParams(), description="Jacobians of some models")
    batch: dict[StageName, tuple[str, ...]] = Field(
        default={}, description="Axes a job of this stage loops over in one process", json_schema_extra=PASSING
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto takes a GPU where there is one", json_schema_extra=PASSING
    )

    @property
    def rows(self) -> dict[str, AnyDefense | AnyBrought]:
        """The rows of the knockoff matrix: defended teachers, and networks from elsewhere."""
        return {**self.defenses, **self.models}

    def brought(self, row: str) -> str | None:
        """Key of the network from elsewhere whose answers a row gives, as they are or defended; None without one."""
        defense = self.defenses.get(row)
        base = defense.base if isinstance(defense, PostHocDefense) else row
        return base if base in self.models else None

    @property
    def student_recipe(self) -> TrainSpec:
        """The recipe of students and knockoffs."""
        return self.student_train or self.train

    def seeds_of(self, *, headline: bool) -> tuple[int, ...]:
        """The seeds of a cell: of all cells, and of the headline if it belongs to that."""
        return tuple(dict.fromkeys((*self.seeds, *(self.headline.seeds if headline else ()))))

    @property
    def all_thieves(self) -> dict[str, Thief]:
        """The thieves, and beside them one without questions for each further point of the curve over labels."""
        curve = self.label_curve
        points = {
            f"labels_{n}": Thief(labels=n, queries="none", label_smoothing=curve.label_smoothing, seeds=curve.seeds)
            for n in curve.labels
        }
        return self.thieves | {key: thief for key, thief in points.items() if key not in self.thieves}

    @property
    def chosen_chains(self) -> dict[str, ChainParams]:
        """The chains of the chosen studies."""
        return {key: chain for key, chain in self.chains.items() if not chain.studies.isdisjoint(self.studies)}

    def studies_that_show(self, stage: str) -> list[str]:
        """The chosen studies of which a table is read from a stage."""
        return [study for study in self.studies if stage in STUDIES[study].stages]

    @property
    def families(self) -> frozenset[Family]:
        """The models that the chosen studies are about."""
        return frozenset(family for study in self.studies for family in STUDIES[study].families)


def params_schema() -> dict[str, Any]:
    """The JSON schema of a resolved params file."""
    return Params.model_json_schema()
