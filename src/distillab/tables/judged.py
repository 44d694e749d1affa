"""Statements about a run, each decided by one number per seed."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from distillab.metrics.trends import Claim, Direction, judge


@dataclass(frozen=True)
class Statement:
    """What is said, and per seed the number that is positive where it is true of a quantity that grows."""

    name: str
    statement: str
    unit: str
    values: tuple[float, ...]
    direction: Direction = "up"
    margin: float = 0.0
    """The smallest effect that counts."""
    resolution: float = 0.0
    """What one test image is worth in a value; 0 of a quantity that is not counted in images."""


Said = TypeVar("Said", bound=Statement)


def judged(statements: Iterable[Said]) -> list[tuple[Said, dict[str, Any]]]:
    """The statements that have numbers here, each with the columns of its verdict; Holm over all of them."""
    found = [said for said in statements if said.values]
    verdicts = judge([Claim(said.direction, said.values, said.margin, said.resolution) for said in found])
    return [(said, asdict(verdict)) for said, verdict in zip(found, verdicts, strict=True)]
