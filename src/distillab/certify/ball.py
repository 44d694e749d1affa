"""The perturbations that a certificate covers: a ball in a norm, in pixel units."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from distillab.certify.functionals import Functionals, PerRow
from distillab.core.errors import SpecError
from distillab.core.shapes import Images, PerExample
from distillab.specs.certifier import BallNorm, BoundSpec

DUAL: dict[BallNorm, float] = {"linf": 1, "l2": 2, "l1": math.inf}


@dataclass(frozen=True)
class Ball:
    """All images within ``eps`` of ``x``, and in [0, 1] where ``box``; a radius for each image.

    In L2 and L1, functionals of the input are bounded over the ball alone: over its intersection with the box there
    is no closed form. Intervals always use both.
    """

    x: Images
    eps: PerExample
    norm: BallNorm
    box: bool

    @classmethod
    def around(cls, x: Images, eps: float | PerExample, *, norm: BallNorm, box: bool = True) -> "Ball":
        """The ball around images in [0, 1].

        Raises:
            SpecError: a radius that is no number, negative or not finite, or pixels outside [0, 1].
        """
        if isinstance(eps, bool) or not isinstance(eps, int | float | Tensor):
            raise SpecError("the radius is not a number", where="eps", got=repr(eps), do="parse fractions first")
        known = eps if isinstance(eps, Tensor) else torch.tensor(eps, dtype=x.dtype)
        if not bool((known.isfinite() & (known >= 0)).all()):
            raise SpecError("the radius is negative or not finite", where="eps", expected="eps >= 0", got=str(eps))
        radius = known.to(x) if known.dim() else torch.full((), float(known), dtype=x.dtype, device=x.device)
        inside = ((x >= 0) & (x <= 1)).all()
        if x.is_cuda:
            torch._assert_async(inside)  # to read it would stall a training step
        elif not bool(inside):
            got = f"{float(x.min()):g} to {float(x.max()):g}"
            raise SpecError("pixels are outside their range", where="x", expected="0 to 1", got=got)
        return cls(x, radius.expand(len(x)), norm, box)

    def take(self, rows: Tensor) -> "Ball":
        """The balls around the images at ``rows``."""
        return replace(self, x=self.x[rows], eps=self.eps[rows])

    @property
    def interval(self) -> tuple[Tensor, Tensor]:
        """Smallest and largest value of every pixel."""
        eps = self.eps.view(-1, *(1,) * (self.x.dim() - 1))
        lower, upper = self.x - eps, self.x + eps
        return (lower.clamp(min=0), upper.clamp(max=1)) if self.box else (lower, upper)

    def enclose(self, rows: Functionals) -> tuple[PerRow, PerRow]:
        """Center and radius of the functionals' exact range; in L2 and L1, of their range over the ball.

        For norm p and 1/p + 1/q = 1: coef . x ± eps ||coef||_q. For a box of pixels, coef . middle ± |coef| . half.
        """
        if self.norm == "linf":
            lower, upper = self.interval
            return rows.dot((lower + upper) / 2), rows.radius((upper - lower) / 2)
        rows = rows.clipped()
        length = torch.linalg.vector_norm(rows.coef.flatten(1), ord=DUAL[self.norm], dim=1)
        return rows.dot(self.x), self.eps[rows.image] * rows.pick(length)


def ball_of(spec: BoundSpec, x: Images, eps: float | PerExample) -> Ball:
    """The perturbations that a bound covers.

    Raises:
        SpecError: the radius or the pixels are out of range, or the method does not cover the norm.
    """
    if spec.norm not in spec.norms:
        raise SpecError(
            "the method does not cover this ball", where=spec.name, expected=" or ".join(spec.norms), got=spec.norm
        )
    return Ball.around(x, eps, norm=spec.norm, box=spec.input_box)
