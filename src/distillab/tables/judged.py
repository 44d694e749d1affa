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


Said = TypeVar("Said", bound=Statement)


def judged(statements: Iterable[Said]) -> list[tuple[Said, dict[str, Any]]]:
    """The statements that have numbers here, each with the columns of its verdict; Holm over all of them."""
    found = [said for said in statements if said.values]
    verdicts = judge([Claim(said.direction, said.values, said.margin) for said in found])
    return [(said, asdict(verdict)) for said, verdict in zip(found, verdicts, strict=True)]
