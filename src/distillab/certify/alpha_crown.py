"""CROWN with slopes that are optimized for every margin."""

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from distillab.certify.activations import ReLU
from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import LayerBounds, margin_rows
from distillab.certify.functionals import PerRow
from distillab.certify.graph import Graph
from distillab.certify.layered import LayeredSpec
from distillab.certify.relaxations import ChosenSlopes, Relaxation, Wedge
from distillab.certify.sweep import Bounds, lower_bounds
from distillab.core.bounds import Steps
from distillab.core.shapes import Images, Labels, Logits, PerExample


class AlphaCROWN(LayeredSpec):
    """max over alpha in [0, 1] of the dual bound J(c, alpha), for every margin c and fixed bounds of the layers.

    Projected Adam from CROWN's slopes; the best value of every margin counts, so that the bound is never below
    CROWN's on the same layers. With many steps it approaches the LP's value, by strong duality.

    Reference: Xu et al. 2021, section 3.2, with alpha in the last sweep only; Wong & Kolter 2018, theorem 1.
    """

    name: Literal["alpha_crown"] = "alpha_crown"
    steps: Steps = Field(default=20, ge=0, description="Ascent steps")
    step_size: float = Field(default=0.1, gt=0, le=1, description="Adam's learning rate, in units of slope")
    decay: float = Field(default=0.97, gt=0, le=1, description="Factor on the learning rate after each step")

    paper: ClassVar = "Xu et al., ICLR 2021"
    label: ClassVar = "alpha-CROWN"

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """The best margins on CROWN's layer bounds."""
        ball = ball_of(self, x, eps)
        with torch.no_grad():
            bounds = LayerBounds(("adaptive",)).of(graph, ball)
        return self.on_layers(graph, y, ball, bounds)

    def on_layers(self, graph: Graph, y: Labels, ball: Ball, bounds: Bounds) -> Logits:
        """The best margins on given bounds of the layers; without gradients."""
        rows = margin_rows(graph, y, ball.x)
        with torch.no_grad():
            lines = {p: op.lines(*bounds[p], "adaptive") for p, op, _ in graph.activations}
        chords = {p: line for p, line in lines.items() if isinstance(line, Wedge) and line.lower_offset is None}
        free = {p: ReLU().unsettled(*bounds[p])[rows.image] for p in chords}
        start = {p: chord.lower_slope[rows.image] for p, chord in chords.items()}

        def value(alpha: dict[int, Tensor]) -> PerRow:
            slopes = {p: alpha[p].where(free[p], start[p]) for p in chords}
            chosen: dict[int, Relaxation] = {p: ChosenSlopes(slopes[p], chords[p]) for p in chords}
            return lower_bounds(graph, graph.output, rows, ball, {**lines, **chosen})

        return self._ascend(value, start).view(len(y), graph.classes)

    def _ascend(self, value: Callable[[dict[int, Tensor]], PerRow], start: dict[int, Tensor]) -> PerRow:
        """The largest value of every row along the way; rows do not share slopes, and so not their way either."""
        with torch.no_grad():
            best = value(start)
        if not start:
            return best
        with torch.enable_grad():
            alpha = {p: slope.clone().requires_grad_() for p, slope in start.items()}
            optimizer = torch.optim.Adam(alpha.values(), lr=self.step_size, maximize=True)
            for step in range(self.steps + 1):
                reached = value(alpha)
                best = torch.maximum(best, reached.detach())
                if step < self.steps:
                    gradients = torch.autograd.grad(reached.sum(), list(alpha.values()))
                    self._step(optimizer, dict(zip(alpha.values(), gradients, strict=True)))
        return best

    def _step(self, optimizer: torch.optim.Optimizer, gradients: dict[Tensor, Tensor]) -> None:
        for slope, gradient in gradients.items():
            slope.grad = gradient
        optimizer.step()
        with torch.no_grad():
            for slope in gradients:
                slope.clamp_(0, 1)
        for group in optimizer.param_groups:
            group["lr"] *= self.decay
