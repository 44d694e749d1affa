"""Norms of perturbations, and the balls that fixed-radius attacks stay in."""

from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor

from distillab.attacks.rows import Rows
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Images, PerExample
from distillab.specs.attack import Norm

CHANGED = 1e-4
"""A pixel counts as changed where a channel moved by more than this, as in Carlini & Wagner's release."""


def l0_norm(delta: Images) -> PerExample:
    """Number of pixel positions with any channel changed by more than 1e-4."""
    return (delta.abs() > CHANGED).any(dim=1).flatten(1).sum(dim=1).to(delta.dtype)


def l1_norm(delta: Images) -> PerExample:
    """Sum of absolute changes."""
    return delta.abs().flatten(1).sum(dim=1)


def l2_norm(delta: Images) -> PerExample:
    """Euclidean length."""
    return delta.square().flatten(1).sum(dim=1).sqrt()


def linf_norm(delta: Images) -> PerExample:
    """Largest absolute change."""
    return delta.abs().flatten(1).amax(dim=1)


NORMS = {"l0": l0_norm, "l1": l1_norm, "l2": l2_norm, "linf": linf_norm}


def farthest_distance(x: Images, norm: Norm) -> PerExample:
    """Distance of the farthest image in [0, 1]: what a penalized mean puts in the place of a failure.

    ``max(x, 1 - x)`` in the norm; in L0 the number of pixels.
    """
    return NORMS[norm](torch.maximum(x, 1 - x))


class Ball(Protocol):
    """The images within ``eps`` of ``x`` in one norm and in [0, 1]."""

    @property
    def x(self) -> Images:
        """The images in its middle."""

    def take(self, rows: Tensor) -> Self:
        """The ball around the images at ``rows``."""

    def project(self, x_adv: Images) -> Images:
        """A point of the ball near ``x_adv``; ``x_adv`` itself where it is inside."""

    def ascent(self, gradient: Images) -> Images:
        """The direction of unit length in which a function with this gradient grows fastest; 0 where it is 0."""

    def sample(self, noise: ExampleNoise, restart: int) -> Images:
        """A uniform point of the ball, clipped to [0, 1]."""


@dataclass(frozen=True)
class LinfBall(Rows):
    """A cube, kept as the bounds of its intersection with [0, 1]."""

    x: Images
    eps: float
    lower: Images
    upper: Images

    @classmethod
    def around(cls, x: Images, eps: float) -> Self:
        """The ball of radius ``eps`` around ``x``."""
        return cls(x, eps, (x - eps).clamp_(min=0), (x + eps).clamp_(max=1))

    def project(self, x_adv: Images) -> Images:
        """The nearest point, in every norm."""
        return torch.clamp(x_adv, self.lower, self.upper)

    def ascent(self, gradient: Images) -> Images:
        """The sign, 0 at 0."""
        return gradient.sign()

    def sample(self, noise: ExampleNoise, restart: int) -> Images:
        """X + U(-eps, eps), clipped to [0, 1]."""
        offset = noise.uniform(self.x, "start", restart) * 2 - 1
        return self.project(self.x + self.eps * offset)


@dataclass(frozen=True)
class L2Ball(Rows):
    """A Euclidean ball; clipping to [0, 1] comes last and cannot leave it, since it only shortens perturbations."""

    x: Images
    eps: float

    @classmethod
    def around(cls, x: Images, eps: float) -> Self:
        """The ball of radius ``eps`` around ``x``."""
        return cls(x, eps)

    def project(self, x_adv: Images) -> Images:
        """Delta min(1, eps / |delta|), then clipped to [0, 1]."""
        delta = x_adv - self.x
        scale = (self.eps / l2_norm(delta).clamp_(min=1e-12)).clamp_(max=1)
        return (self.x + delta * _per_image(scale)).clamp_(0, 1)

    def ascent(self, gradient: Images) -> Images:
        """The gradient over its length; over its largest entry first, whose square may be too small for float32."""
        largest = gradient.abs().amax(dim=(1, 2, 3))
        scaled = gradient / _per_image(largest.where(largest > 0, 1.0))
        return scaled / _per_image(l2_norm(scaled).clamp_(min=1))

    def sample(self, noise: ExampleNoise, restart: int) -> Images:
        """A normal direction times eps u^(1/m), m the number of features, clipped to [0, 1]."""
        direction = self.ascent(noise.normal(self.x, "start", restart))
        share = noise.uniform(self.x[:, 0, 0, 0], "radius", restart)
        radius = self.eps * share.pow(1 / self.x[0].numel())
        return self.project(self.x + direction * _per_image(radius))


def ball_around(x: Images, eps: float, norm: Norm) -> Ball:
    """The ball of radius ``eps`` around ``x`` in ``norm``, either ``linf`` or ``l2``."""
    return LinfBall.around(x, eps) if norm == "linf" else L2Ball.around(x, eps)


def _per_image(values: PerExample) -> Tensor:
    return values[:, None, None, None]
