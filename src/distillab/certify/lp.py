"""The linear program of the convex outer polytope."""

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field

from distillab.certify.activations import Slopes
from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import LayerBounds
from distillab.certify.expressions import Expressions, expressions
from distillab.certify.graph import Graph
from distillab.certify.layered import LayeredSpec
from distillab.certify.program import Program
from distillab.certify.sweep import Bounds
from distillab.core.bounds import Units
from distillab.core.errors import SpecError
from distillab.core.shapes import Images, Labels, Logits, PerExample

Layers = Literal["ibp", "dual", "crown", "lp"]
SLOPES: dict[Layers, tuple[Slopes, ...]] = {"ibp": (), "dual": ("parallel",), "crown": ("adaptive",), "lp": ()}


class LP(LayeredSpec):
    """The minimum over the polytope itself: k - 1 linear programs an image on given bounds of the layers.

    ``layers: lp`` also bounds every unstable unit by two programs, layer after layer; for tiny networks.

    Reference: Wong & Kolter 2018, equations 4 to 6; the solver is HiGHS.
    """

    name: Literal["lp"] = "lp"
    layers: Layers = Field(default="crown", description="How the layers before the margin are bounded")
    intersect: bool = Field(default=True, description="Intersect the layers' bounds with intervals")
    most_units: Units = Field(default=200, ge=1, description="Largest network, in activations, for layers: lp")

    norms: ClassVar = ("linf", "l1")
    paper: ClassVar = "Wong & Kolter, ICML 2018"
    label: ClassVar = "LP"

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """The programs' minima; without gradients."""
        ball = ball_of(self, x, eps)
        _refuse_large(graph, self.name, self.most_units if self.layers == "lp" else None)
        with torch.no_grad():
            bounds = LayerBounds(SLOPES[self.layers], self.intersect).of(graph, ball)
            return self.on_layers(graph, y, ball, bounds)

    def on_layers(self, graph: Graph, y: Labels, ball: Ball, bounds: Bounds) -> Logits:
        """The programs' minima on given bounds of the layers."""
        known = expressions(graph, ball.x)
        found = []
        for image in range(len(y)):
            program = Program(graph, ball.take(torch.tensor([image])), known)
            if self.layers == "lp":
                _tighten(program, graph, known, bounds, image)
            else:
                program.add_layers(bounds, image)
            found.append(torch.from_numpy(program.margins(int(y[image]))))
        return torch.stack(found).to(ball.x)


def _tighten(program: Program, graph: Graph, known: Expressions, bounds: Bounds, image: int) -> None:
    """Add the layers in depth order, each with its unstable units bounded by programs over the layers before it."""
    for position, _, _ in graph.activations:
        lower, upper = (side[image].flatten().clone() for side in bounds[position])
        for unit in ((lower < 0) & (upper > 0)).nonzero().flatten().tolist():
            functional = np.zeros(len(lower))
            functional[unit] = 1
            lower[unit] = max(float(lower[unit]), program.minimum(known.before[position], functional))
            upper[unit] = min(float(upper[unit]), -program.minimum(known.before[position], -functional))
        program.add_layer(position, (lower, upper))


def _refuse_large(graph: Graph, name: str, most: int | None) -> None:
    units = sum(int(torch.Size(graph.nodes[p].shape).numel()) for p, _, _ in graph.activations)
    if most is not None and units > most:
        raise SpecError("the network is too large", where=name, expected=f"at most {most} activations", got=str(units))
