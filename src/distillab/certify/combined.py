"""The certifiers that `best` combines, the cheapest first: a new one is its file and one line here."""

from dataclasses import dataclass

import torch

from distillab.certify.activations import Slopes
from distillab.certify.alpha_crown import AlphaCROWN
from distillab.certify.ball import Ball
from distillab.certify.bounds import unstable_units
from distillab.certify.crown import CROWN
from distillab.certify.dual import Dual
from distillab.certify.ibp import IBP
from distillab.certify.layered import LayeredSpec
from distillab.certify.lp import LP
from distillab.certify.sweep import Bounds
from distillab.core.shapes import Flags
from distillab.specs.certifier import BallNorm


@dataclass(frozen=True)
class Tier:
    """Methods that look together at the images that cheaper tiers left open."""

    methods: tuple[LayeredSpec, ...]

    sweeps: tuple[Slopes, ...] = ()
    """Slopes of the sweeps that bound the layers anew; without any, the bounds of the tier before serve."""

    intersect: bool = True
    """Whether the layers' new bounds are intersected with intervals."""

    most_unstable: int | None = None
    """Unstable units of an image up to which the methods are tried; None: on every image."""

    asked: bool = True
    """Whether the methods are tried at all."""

    def methods_in(self, norm: BallNorm) -> tuple[LayeredSpec, ...]:
        """Those that cover a norm."""
        return tuple(method for method in self.methods if norm in method.norms)

    def within_reach(self, ball: Ball, bounds: Bounds) -> Flags:
        """Images that the methods are tried on; each is judged by its own bounds."""
        if self.most_unstable is None:
            return torch.ones_like(ball.eps, dtype=torch.bool)
        return unstable_units(bounds, ball) <= self.most_unstable


def tiers(*, alpha_steps: int = 0, lp_units: int = 0) -> tuple[Tier, ...]:
    """Every tier, in the order of its cost; those that have no effort to spend are not asked."""
    return (
        Tier((IBP(), Dual()), sweeps=("parallel",)),
        Tier((Dual(intersect=False),), sweeps=("parallel",), intersect=False),
        Tier((Dual(), CROWN()), sweeps=("parallel", "adaptive")),
        Tier((AlphaCROWN(steps=alpha_steps),), asked=alpha_steps > 0),
        Tier((LP(),), asked=lp_units > 0, most_unstable=lp_units),
    )


COMBINED: tuple[type[LayeredSpec], ...] = tuple(
    dict.fromkeys(type(method) for tier in tiers() for method in tier.methods)
)
"""Every method that may decide an image for `best`."""
