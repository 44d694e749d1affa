"""Monotone activations and the lines that enclose them between a lower and an upper pre-activation."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor

from distillab.certify.relaxations import Band, Relaxation, Wedge

Slopes = Literal["constant", "parallel", "adaptive"]
"""constant: an interval of values; parallel: two lines of one slope; adaptive: the lower line of less area."""

BISECTIONS = 60


class Activation(ABC):
    """A monotone function of each unit."""

    @abstractmethod
    def __call__(self, v: Tensor) -> Tensor:
        """The activation's values."""

    @abstractmethod
    def unsettled(self, lower: Tensor, upper: Tensor) -> Bool[Tensor, "..."]:
        """Units of which tighter pre-activation bounds would tighten the lines."""

    @abstractmethod
    def lines(self, lower: Tensor, upper: Tensor, slopes: Slopes) -> Relaxation:
        """Lines that enclose the activation on [lower, upper]."""

    def values(self, lower: Tensor, upper: Tensor) -> Band:
        """The interval of values on [lower, upper]."""
        return Band.between(self(lower), self(upper))


@dataclass(frozen=True)
class ReLU(Activation):
    """max(v, 0): zero or the identity on stable units; on unstable ones below the chord d (v - lower)."""

    def __call__(self, v: Tensor) -> Tensor:
        """The positive part."""
        return v.clamp(min=0)

    def unsettled(self, lower: Tensor, upper: Tensor) -> Bool[Tensor, "..."]:
        """Unstable units: lower < 0 < upper."""
        return (lower < 0) & (upper > 0)

    def lines(self, lower: Tensor, upper: Tensor, slopes: Slopes) -> Relaxation:
        """The chord above; below a line through the origin, of slope d or, adaptive, of 1 if upper > -lower, else 0.

        Reference: Wong & Kolter 2018, equation 6; Zhang et al. 2018, section 3.3.
        """
        if slopes == "constant":
            return self.values(lower, upper)
        unstable = self.unsettled(lower, upper)
        settled = (lower >= 0).to(lower)
        chord = (upper / (upper - lower).where(unstable, 1.0)).where(unstable, settled)
        offset = (-chord * lower).where(unstable, 0.0)
        if slopes == "parallel":
            half = offset / 2
            return Band(chord, half, half)
        steep = (upper > -lower).to(lower).where(unstable, settled)
        return Wedge(steep, None, chord, offset)


class SShaped(Activation):
    """Odd about the origin up to a constant, convex below it and concave above: sigmoid and tanh."""

    @abstractmethod
    def slope(self, v: Tensor) -> Tensor:
        """The derivative."""

    def unsettled(self, lower: Tensor, upper: Tensor) -> Bool[Tensor, "..."]:
        """Every unit that moves."""
        return upper > lower

    def lines(self, lower: Tensor, upper: Tensor, slopes: Slopes) -> Relaxation:
        """Chord and tangent where the curve bends one way; where it bends both ways, tangents from the end points.

        Parallel lines have the smaller of the end points' derivatives: less that line, the curve still grows.

        Reference: Zhang et al. 2018, section 3.3 and table 3; for parallel lines Singh et al. 2018, theorem 3.2.
        """
        if slopes == "constant":
            return self.values(lower, upper)
        if slopes == "parallel":
            return self._band(lower, upper)
        chord = self._chord(lower, upper)
        middle = (lower + upper) / 2
        tangent = self.slope(middle)
        above = tangent.where(lower >= 0, chord.where(upper <= 0, self._touching(lower, upper, chord)))
        below = tangent.where(upper <= 0, chord.where(lower >= 0, self._touching(-upper, -lower, chord)))
        at_above, at_below = middle.where(lower >= 0, lower), middle.where(upper <= 0, upper)
        return Wedge(below, self(at_below) - below * at_below, above, self(at_above) - above * at_above)

    def _band(self, lower: Tensor, upper: Tensor) -> Band:
        slope = torch.minimum(self.slope(lower), self.slope(upper))
        low, high = self(lower) - slope * lower, self(upper) - slope * upper
        return Band(slope, (low + high) / 2, (high - low) / 2)

    def _chord(self, lower: Tensor, upper: Tensor) -> Tensor:
        wide = upper - lower > 1e-6
        rise = (self(upper) - self(lower)) / (upper - lower).where(wide, 1.0)
        return rise.where(wide, torch.maximum(self.slope(lower), self.slope(upper)))

    def _touching(self, start: Tensor, end: Tensor, chord: Tensor) -> Tensor:
        """Slope of the line from ``start`` < 0 that touches the curve at or before ``end`` > 0; else the chord's.

        The bisection only decides where to touch; the slope is the derivative at a place just before, which is never
        less steep than the tangent, so that the line stays above whatever the bisection's error. The secant to that
        place is less steep but for rounding.
        """
        with torch.no_grad():
            low, high = torch.zeros_like(end), end.clamp(min=0)
            for _ in range(BISECTIONS):
                place = (low + high) / 2
                early = self.slope(place) * (place - start) > self(place) - self(start)
                low, high = place.where(early, low), high.where(early, place)
        reached = self.slope(end) * (end - start) <= self(end) - self(start)
        secant = (self(low) - self(start)) / (low - start).clamp(min=1e-12)
        return torch.maximum(secant, self.slope(low)).where(reached, chord)


@dataclass(frozen=True)
class Sigmoid(SShaped):
    """1 / (1 + exp(-v))."""

    def __call__(self, v: Tensor) -> Tensor:
        """The logistic function."""
        return torch.sigmoid(v)

    def slope(self, v: Tensor) -> Tensor:
        """S (1 - s)."""
        value = torch.sigmoid(v)
        return value * (1 - value)


@dataclass(frozen=True)
class Tanh(SShaped):
    """The hyperbolic tangent."""

    def __call__(self, v: Tensor) -> Tensor:
        """The hyperbolic tangent."""
        return torch.tanh(v)

    def slope(self, v: Tensor) -> Tensor:
        """1 - tanh^2."""
        return 1 - torch.tanh(v).square()
