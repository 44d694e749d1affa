"""Bounds of every pre-activation over a ball, and of the margins behind them."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.certify.activations import Activation, Slopes
from distillab.certify.ball import Ball
from distillab.certify.functionals import Functionals
from distillab.certify.graph import Graph
from distillab.certify.ops import Add, Affine, Input, Larger
from distillab.certify.relaxations import Band, Relaxation
from distillab.certify.sweep import Bounds, EarlyStop, Interval, lower_bounds, unit_bounds
from distillab.core.errors import ContractError
from distillab.core.shapes import Labels, Logits


@dataclass(frozen=True)
class LayerBounds:
    """How pre-activations are bounded: interval arithmetic, sweeps with some choices of slopes, or both."""

    slopes: tuple[Slopes, ...] = ()
    """Slopes of the sweeps, of which the tightest counts; none for interval arithmetic alone."""

    intersect: bool = True
    """Sweep only units whose sign intervals leave open, and keep the tighter bound of each side."""

    def of(self, graph: Graph, ball: Ball) -> Bounds:
        """Bounds of every pre-activation, in depth order, each from those before it.

        Reference: Wong & Kolter 2018, algorithm 1; intersected, methods, robustness 6.2.
        """
        intervals: list[Interval] = []
        bounds: dict[int, Interval] = {}
        relaxations: dict[Slopes, dict[int, Relaxation]] = {slopes: {} for slopes in self.slopes}
        for position, node in enumerate(graph.nodes):
            if isinstance(node.op, Activation):
                before = node.parents[0]
                bounds[position] = intervals[before]
                if not (graph.interval_is_exact(before) and ball.norm == "linf"):
                    bounds[position] = self._swept(graph, position, intervals[before], ball, (bounds, relaxations))
                for slopes in self.slopes:
                    relaxations[slopes][position] = node.op.lines(*bounds[position], slopes)
            intervals.append(_interval(graph, position, intervals, bounds, ball))
        return bounds

    def _swept(
        self,
        graph: Graph,
        position: int,
        interval: Interval,
        ball: Ball,
        known: tuple[Bounds, Mapping[Slopes, Mapping[int, Relaxation]]],
    ) -> Interval:
        """The interval, with bounds from sweeps where its units want them."""
        node = graph.nodes[position]
        if not isinstance(node.op, Activation):
            raise ContractError("only activations have pre-activations", got=type(node.op).__name__)
        wanted = torch.ones_like(interval[0], dtype=torch.bool)
        if self.intersect:
            wanted = node.op.unsettled(*interval)
        wanted = wanted.flatten(1)
        bounds, relaxations = known
        early = EarlyStop(bounds, node.op.unsettled)
        for turn, slopes in enumerate(self.slopes):
            if wanted.any():
                low, high = unit_bounds(graph, node.parents[0], wanted, ball, relaxations[slopes], early=early)
                interval = _updated(interval, wanted, (low, high), intersect=self.intersect or turn > 0)
        return interval


def unstable_units(bounds: Bounds, ball: Ball) -> Int[Tensor, "n"]:
    """How many pre-activations of each image may have either sign; none without activations."""
    found = torch.zeros_like(ball.eps, dtype=torch.long)
    for lower, upper in bounds.values():
        found = found + ((lower < 0) & (upper > 0)).flatten(1).sum(dim=1)
    return found


def margin_rows(graph: Graph, y: Labels, like: Tensor) -> Functionals:
    """For each image the functionals Z_y - Z_j of the logits, j = 0 ... k - 1: n k rows; zero at j = y."""
    n, k = len(y), graph.classes
    identity = torch.eye(k, dtype=like.dtype, device=like.device)
    image = torch.arange(n, device=like.device).repeat_interleave(k)
    return Functionals(image, (identity[y][:, None] - identity).flatten(0, 1), (k,), each=k, ends=(0, n - 1))


def margins_under(graph: Graph, y: Labels, ball: Ball, bounds: Bounds, slopes: Slopes) -> Logits:
    """Lower bounds (n, k) of Z_y - Z_j from bounds of the pre-activations and one choice of slopes."""
    relaxations: dict[int, Relaxation] = {
        p: activation.lines(*bounds[p], slopes) for p, activation, _ in graph.activations
    }
    if slopes == "constant":
        relaxations |= _larger_values(graph, ball, bounds)
    found = lower_bounds(graph, graph.output, margin_rows(graph, y, ball.x), ball, relaxations)
    return found.view(len(y), graph.classes)


def _larger_values(graph: Graph, ball: Ball, bounds: Bounds) -> dict[int, Band]:
    """Intervals of all maxima, where intervals of differences and sums would know less."""
    if not any(isinstance(node.op, Larger) for node in graph.nodes):
        return {}
    intervals: list[Interval] = []
    for position in range(len(graph.nodes)):
        intervals.append(_interval(graph, position, intervals, bounds, ball))
    return {p: Band.between(*intervals[p]) for p, node in enumerate(graph.nodes) if isinstance(node.op, Larger)}


def _interval(graph: Graph, position: int, intervals: list[Interval], bounds: Bounds, ball: Ball) -> Interval:
    """Interval arithmetic at one node."""
    node = graph.nodes[position]
    op = node.op
    if isinstance(op, Input):
        return ball.interval
    if isinstance(op, Add):
        (a, b), (c, d) = (intervals[parent] for parent in node.parents)
        sums = a + c, b + d
        return _of_larger(graph, position, intervals, sums) if isinstance(op, Larger) else sums
    if isinstance(op, Affine):
        lower, upper = intervals[node.parents[0]]
        center, radius = op((lower + upper) / 2), op.absolute((upper - lower) / 2)
        return center - radius, center + radius
    lower, upper = bounds[position]
    return op(lower), op(upper)


def _of_larger(graph: Graph, position: int, intervals: list[Interval], sums: Interval) -> Interval:
    """From the larger lower to the larger upper end of both values; intervals of their difference may know more."""
    (low, high), (least, most) = (intervals[node] for node in graph.compared(position))
    ends = torch.maximum(low, least), torch.maximum(high, most)
    return torch.maximum(ends[0], sums[0]), torch.minimum(ends[1], sums[1])


def _updated(interval: Interval, wanted: Tensor, found: Interval, *, intersect: bool) -> Interval:
    """The interval with new bounds at the wanted units; out of place, so that gradients flow to both."""
    place = wanted.nonzero(as_tuple=True)
    (lower, upper), (low, high) = (side.flatten(1) for side in interval), found
    if intersect:
        low, high = torch.maximum(low, lower[place]), torch.minimum(high, upper[place])
    return lower.index_put(place, low).view_as(interval[0]), upper.index_put(place, high).view_as(interval[1])
