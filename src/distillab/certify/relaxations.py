"""What a bound knows of an activation on an interval: two lines that enclose it."""

from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from distillab.certify.functionals import Functionals, PerRow


@dataclass(frozen=True)
class Pulled:
    """Rows of an activation as rows of its input: each lies within ``center`` ± ``radius`` of them.

    ``rows`` is None where nothing of the input is left.
    """

    rows: Functionals | None
    center: PerRow
    radius: PerRow


class Relaxation(Protocol):
    """An enclosure of one activation layer, for every image of a batch."""

    symmetric: bool
    """Whether ``pull`` encloses the rows on both sides; else center - radius is a lower bound only."""

    def pull(self, rows: Functionals) -> Pulled:
        """The rows in terms of the activation's input."""


@dataclass(frozen=True)
class Band:
    """Parallel lines: slope * v + middle ± radius, all (n, *shape); without a slope, an interval of values.

    One sweep yields lower and upper bounds: the band only adds to the center and to the radius of a row.
    """

    slope: Tensor | None
    middle: Tensor
    radius: Tensor
    symmetric = True

    @classmethod
    def between(cls, low: Tensor, high: Tensor) -> "Band":
        """An interval of values."""
        return cls(None, (low + high) / 2, (high - low) / 2)

    def pull(self, rows: Functionals) -> Pulled:
        """Rows times the slope."""
        center, radius = rows.dot(self.middle), rows.radius(self.radius)
        return Pulled(None if self.slope is None else rows.times(self.slope), center, radius)


@dataclass(frozen=True)
class Wedge:
    """A line below, lower_slope * v + lower_offset, and a line above; both (n, *shape).

    Positive coefficients take the line below and negative ones the line above, so that only lower bounds follow;
    upper bounds are those of the negated rows.

    Reference: Zhang et al. 2018 (CROWN), theorem 3.2.
    """

    lower_slope: Tensor
    lower_offset: Tensor | None
    upper_slope: Tensor
    upper_offset: Tensor
    symmetric = False

    def pull(self, rows: Functionals) -> Pulled:
        """Rows times the slope of the line that their sign asks for."""
        negative = rows.mapped(_negative)
        center = negative.dot(self.upper_offset)
        if self.lower_offset is not None:
            center = center + rows.mapped(_positive).dot(self.lower_offset)
        bent = rows.times(self.lower_slope).plus(negative, self.upper_slope - self.lower_slope)
        return Pulled(bent, center, torch.zeros_like(center))


@dataclass(frozen=True)
class ChosenSlopes:
    """ReLU between the line slope * v, chosen for each row, and the chord; rows must cover whole values.

    Reference: Wong & Kolter 2018, theorem 1 with a free alpha.
    """

    slope: Tensor
    """(r, *shape), in [0, 1] at unstable units, and the ReLU's own slope elsewhere."""
    chord: Wedge
    symmetric = False

    def pull(self, rows: Functionals) -> Pulled:
        """Rows times the chosen slope where they are positive, and times the chord's where not."""
        rows = rows.whole().spread()
        below, above = rows.mapped(_positive), rows.mapped(_negative)
        coef = below.coef * self.slope + above.times(self.chord.upper_slope).coef
        center = above.dot(self.chord.upper_offset)
        return Pulled(replace(rows, coef=coef), center, torch.zeros_like(center))


def _positive(coef: Tensor) -> Tensor:
    return coef.clamp(min=0)


def _negative(coef: Tensor) -> Tensor:
    return coef.clamp(max=0)
