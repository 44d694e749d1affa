"""Random projections of the dual bound: cheap estimates for training, and no certificates."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from distillab.certify.activations import Activation
from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import margin_rows
from distillab.certify.graph import Graph
from distillab.certify.ops import Add, Input
from distillab.certify.relaxations import Band
from distillab.certify.sweep import Interval
from distillab.core.bounds import Units
from distillab.core.errors import SpecError
from distillab.core.generators import generator
from distillab.core.shapes import Images, Labels, Logits, PerExample
from distillab.specs.certifier import EstimatorSpec


class Projections(EstimatorSpec):
    """The dual bound with every norm of coefficients estimated from random directions pushed forward.

    Under parallel lines a value is linear in independent symmetric terms: the perturbation, and the half widths of
    every layer's bands. For a term with weights r, the norm ||nu r||_1 is the median of |nu . (r R)| over Cauchy R,
    and ||nu||_2 the root mean square over normal R. All units of a layer share the ``directions`` forward passes,
    where the exact bound needs a sweep for each. A term with no more entries than directions is summed exactly.

    Half of the estimates are too optimistic: on unseen draws the "bound" exceeds the exact one about as often as not.

    Reference: Wong et al. 2018, section 3.2, with pixel boxes by their centered radius.
    """

    name: Literal["projections"] = "projections"
    directions: Units = Field(
        default=51, ge=1, description="Random directions; odd, so that the median is the middle one"
    )

    norms: ClassVar = ("linf", "l2")
    paper: ClassVar = "Wong et al., NeurIPS 2018"
    label: ClassVar = "WK dual (projected)"

    def estimates(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample, *, seed: int) -> Logits:
        """Estimated margins; differentiable in the weights.

        Raises:
            SpecError: the number of directions is even, or the radius or the pixels are out of range.
        """
        if self.directions % 2 == 0:
            raise SpecError("the median of an even number of directions is biased low", where="directions", do="use 51")
        ball = ball_of(self, x, eps)
        return _Forward(graph, ball, self.directions, generator(seed, "projections")).margins(y)


@dataclass(frozen=True)
class _Term:
    """How the norm of a term's coefficients follows from those along its directions."""

    exact: bool
    euclidean: bool

    def norm(self, along: Tensor) -> Tensor:
        """From coefficients (n, directions, ...) to norms (n, ...)."""
        if self.euclidean:
            length: Tensor = torch.linalg.vector_norm(along, dim=1)
            return length if self.exact else length / math.sqrt(along.shape[1])
        return along.abs().sum(dim=1) if self.exact else along.abs().median(dim=1).values


class _Forward:
    """Centers of all values, and their coefficients along the directions of every term so far."""

    def __init__(self, graph: Graph, ball: Ball, directions: int, random: torch.Generator) -> None:
        self.graph, self.ball, self.directions, self.random = graph, ball, directions, random
        self.terms: list[_Term] = []
        self.centers: list[Tensor] = []
        self.along: list[list[Tensor]] = []

    def margins(self, y: Labels) -> Logits:
        """Center less the norms of all terms, for every margin."""
        for node in self.graph.nodes:
            parents = node.parents
            if isinstance(node.op, Input):
                self._start()
            elif isinstance(node.op, Add):
                self._add(*parents)
            elif isinstance(node.op, Activation):
                self._activate(node.op, *parents)
            else:
                self.centers.append(node.op(self.centers[parents[0]]))
                self.along.append([_each(node.op.linear, part) for part in self.along[parents[0]]])
        rows = margin_rows(self.graph, y, self.ball.x).coef.view(len(y), self.graph.classes, -1)
        center = torch.einsum("njk,nk->nj", rows, self.centers[-1])
        parts = [torch.einsum("njk,nrk->nrj", rows, part) for part in self.along[-1]]
        return center - self._radius(parts, center)

    def _start(self) -> None:
        lower, upper = self.ball.interval
        if self.ball.norm == "l2":
            eps = self.ball.eps.view(-1, *(1,) * (lower.dim() - 1)).expand_as(lower)
            self.centers.append(self.ball.x)
            self.along.append([self._new_term(eps, euclidean=True)])
        else:
            self.centers.append((lower + upper) / 2)
            self.along.append([self._new_term((upper - lower) / 2, euclidean=False)])

    def _add(self, first: int, second: int) -> None:
        self.centers.append(self.centers[first] + self.centers[second])
        short, long = sorted((self.along[first], self.along[second]), key=len)
        self.along.append([a + b for a, b in zip(short, long, strict=False)] + long[len(short) :])

    def _activate(self, activation: Activation, parent: int) -> None:
        band = activation.lines(*self._interval(parent), "parallel")
        if not isinstance(band, Band) or band.slope is None:
            raise SpecError("projections need parallel lines", got=type(activation).__name__, do="use another bound")
        slope = band.slope
        passed = [part * slope[:, None] for part in self.along[parent]]
        missing = len(self.terms) - len(passed)
        passed += [torch.zeros_like(passed[0][:, :1])] * missing
        self.centers.append(self.centers[parent] * slope + band.middle)
        self.along.append([*passed, self._new_term(band.radius, euclidean=False)])

    def _interval(self, node: int) -> Interval:
        center = self.centers[node]
        radius = self._radius(self.along[node], center)
        return center - radius, center + radius

    def _radius(self, parts: list[Tensor], like: Tensor) -> Tensor:
        norms = (term.norm(part) for term, part in zip(self.terms, parts, strict=False))
        return sum(norms, torch.zeros_like(like))

    def _new_term(self, weights: Tensor, *, euclidean: bool) -> Tensor:
        """Directions (n, r, *shape) of independent terms with these weights (n, *shape); the same for all images."""
        shape = weights.shape[1:]
        exact = shape.numel() <= self.directions
        self.terms.append(_Term(exact, euclidean))
        if exact:
            random = torch.eye(shape.numel()).view(-1, *shape)
        elif euclidean:
            random = torch.randn(self.directions, *shape, generator=self.random)
        else:
            random = torch.empty(self.directions, *shape).cauchy_(generator=self.random)
        return weights[:, None] * random.to(weights)


def _each(linear: Callable[[Tensor], Tensor], part: Tensor) -> Tensor:
    """A linear map of every direction."""
    images = linear(part.flatten(0, 1))
    return images.view(*part.shape[:2], *images.shape[1:])
