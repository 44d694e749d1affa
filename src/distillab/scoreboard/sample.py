"""Evidence on a claim: one difference per seed, or a bound that was corrected for chance before."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

SeedNumbers = Mapping[int, float]


@dataclass(frozen=True)
class Sample:
    """One difference per seed, in the unit of the claim."""

    context: str
    """What else it depends on: thief, networks, attack, radius."""
    values: tuple[float, ...]
    n: int
    """Test images of a seed's number."""
    resolution: float = 0.0
    """The step in which the values are counted."""


@dataclass(frozen=True)
class Bounded:
    """A largest gain over several attacks, with bounds that are corrected for chance over all that were tried."""

    context: str
    value: float
    low: float | None
    high: float | None
    seeds: int
    n: int


ClaimEvidence = Sample | Bounded


def paired_sample(
    context: str, of: SeedNumbers, against: SeedNumbers, *, n: int, resolution: float = 0.0
) -> list[Sample]:
    """The finite differences of the seeds that both have; no sample where there is none."""
    values = tuple(filter(isfinite, (of[seed] - against[seed] for seed in sorted(of) if seed in against)))
    return [Sample(context, values, n, resolution)] if values else []


def relative_sample(context: str, of: SeedNumbers, against: SeedNumbers, *, n: int) -> list[Sample]:
    """The same in percent of the second."""
    shared = [seed for seed in sorted(of) if against.get(seed)]
    values = tuple(filter(isfinite, (100 * (of[seed] / against[seed] - 1) for seed in shared)))
    return [Sample(context, values, n)] if values else []
