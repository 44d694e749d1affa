"""The thieves of the knockoff matrix: named means, and which cells each of them fills."""

from typing import Annotated

from pydantic import Field

from distillab.core.bounds import ImageCount, SeedCount
from distillab.params.vocabulary import AnyData, Key
from distillab.specs.base import CHOOSING, Spec
from distillab.specs.thief import Means


class Thief(Means):
    """A thief's means, and the rows, columns and seeds of the matrix that are its own."""

    data: AnyData | None = Field(default=None, description="With `queries: other_data`, the data set asked about")
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="Label smoothing of its controls, fixed beforehand; the best of `knockoff.label_smoothing` on "
        "validation images if absent, which needs all labels",
    )
    defenses: tuple[Key, ...] = Field(
        default=(), description="Teachers it robs, by defense; all if empty", json_schema_extra=CHOOSING
    )
    attacks: tuple[Key, ...] = Field(
        default=(), description="Attacks it tries; all if empty", json_schema_extra=CHOOSING
    )
    seeds: SeedCount | None = Field(
        default=None,
        ge=1,
        description="Seeds of its cells: the first of `seeds` and of those that follow; as many as others if absent",
        json_schema_extra=CHOOSING,
    )
    control_seeds: SeedCount | None = Field(
        default=None,
        ge=1,
        description="Seeds of its controls, which serve every cell; those of its cells if absent",
        json_schema_extra=CHOOSING,
    )


class DecideParams(Spec):
    """What `distillab decide` may do, stated before the numbers are seen, and what it has asked for so far."""

    looks: tuple[Annotated[SeedCount, Field(ge=3)], ...] = Field(
        default=(), description="Seeds at which open cells are looked at, increasing; error rates hold over all"
    )
    margin: float = Field(default=0.01, gt=0, lt=1, description="Gain too small to matter, a share of test images")
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="Error rate of a page's verdicts")
    asked: dict[Key, dict[Key, dict[Key, Annotated[SeedCount, Field(ge=1)]]]] = Field(
        default={}, description="Seeds of open cells, by thief, defense and attack; written by `distillab decide`"
    )


class LabelCurveParams(Spec):
    """Students without answers at several numbers of labels: what labels alone are worth."""

    labels: tuple[Annotated[ImageCount, Field(ge=1)], ...] = Field(default=(), description="Numbers of labels")
    seeds: SeedCount = Field(default=3, ge=1, description="Seeds of each")
    label_smoothing: float = Field(default=0.1, ge=0, lt=1, description="Their label smoothing, fixed beforehand")
