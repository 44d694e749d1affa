"""The backward sweep that all linear bounds share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool
from torch import Tensor

from distillab.certify.ball import Ball
from distillab.certify.functionals import Functionals, PerRow, unit_rows
from distillab.certify.graph import Graph
from distillab.certify.ops import Add, Affine, Input
from distillab.certify.relaxations import Relaxation

Interval = tuple[Tensor, Tensor]
Bounds = Mapping[int, Interval]
"""Lower and upper pre-activations (n, *shape) of activation nodes."""

Relaxations = Mapping[int, Relaxation]
"""Of every activation before the swept node; of sums, where their interval is to count."""

BLOCK = 13 * 2**16
"""Coefficients that a sweep holds at a node at once: 3.25 MB in float32. Fewer take longer, more take more memory."""


@dataclass(frozen=True)
class EarlyStop:
    """Rows whose enclosure is good enough, by the bounds of a layer on the way, do not go on to the input.

    With parallel lines the enclosure on the way has the same center as the one at the input, and no smaller radius:
    a sign that it settles, the whole sweep settles too. Only windows try: over whole maps such bounds are too loose.
    """

    bounds: Bounds
    open: Callable[[Tensor, Tensor], Tensor]
    """From lower and upper bounds to the units that need tighter ones."""

    def settled(
        self, position: int, rows: Functionals, center: PerRow, radius: PerRow
    ) -> tuple[PerRow, PerRow, Tensor]:
        """Center and radius by an activation's bounds, and which rows may stop."""
        lower, upper = self.bounds[position]
        center = center + rows.dot((lower + upper) / 2)
        radius = radius + rows.radius((upper - lower) / 2)
        return center, radius, ~self.open(center - radius, center + radius)


def sweep(
    graph: Graph, node: int, rows: Functionals, ball: Ball, relaxations: Relaxations, *, early: EarlyStop | None = None
) -> tuple[PerRow, PerRow]:
    """Center and radius of an enclosure of functionals of a node's value over the ball, (r,) each.

    center - radius is a lower bound; center + radius is an upper one if all relaxations are symmetric. Coefficients
    move from the node to the input: affine maps transpose them, activations replace them by those of their lines,
    and the ball bounds what arrives. A value that several branches use sums what they send back.

    Reference: Wong & Kolter 2018, theorem 1 and algorithm 1 (nu is minus the coefficient here); Wong et al. 2018,
    theorem 1, for graphs.
    """
    center = radius = rows.coef.new_zeros(len(rows))
    pending, enclosures = {node: rows}, _Enclosures(len(rows), rows.image.device)
    for position in range(node, -1, -1):
        if position not in pending:
            continue
        here, op, parents = pending.pop(position), graph.nodes[position].op, graph.nodes[position].parents
        if isinstance(op, Input):
            middle, spread = ball.enclose(here)
            center, radius = center + middle, radius + spread
        elif isinstance(op, Add) and position not in relaxations:
            for parent in parents:
                _send(pending, parent, here)
        elif isinstance(op, Affine):
            here = here.clipped()
            center = center + op.constant(here)
            _send(pending, parents[0], op.pull(here))
        else:
            pulled = relaxations[position].pull(here)
            center, radius, going = center + pulled.center, radius + pulled.radius, pulled.rows
            if going and early and going.windows and not pending and not graph.interval_is_exact(parents[0]):
                there = early.settled(position, going, center, radius)
                center, radius, going = enclosures.stop(there, going, center, radius)
            if going is not None:
                _send(pending, parents[0], going)
    return enclosures.close(center, radius)


class _Enclosures:
    """Enclosures of the rows that have stopped, and which rows are still on their way."""

    def __init__(self, count: int, device: torch.device) -> None:
        self.going = torch.arange(count, device=device)
        self.stopped: list[tuple[Tensor, PerRow, PerRow]] = []

    def stop(
        self, there: tuple[PerRow, PerRow, Tensor], rows: Functionals, center: PerRow, radius: PerRow
    ) -> tuple[PerRow, PerRow, Functionals | None]:
        """Note the rows that may stop; center, radius and coefficients of the others, which may be none."""
        done = there[2].nonzero().flatten()
        if not len(done):
            return center, radius, rows
        left = (~there[2]).nonzero().flatten()
        self.stopped.append((self.going[done], there[0][done], there[1][done]))
        self.going = self.going[left]
        return center[left], radius[left], rows.take(left) if len(left) else None

    def close(self, center: PerRow, radius: PerRow) -> tuple[PerRow, PerRow]:
        """Center and radius of all rows in their first order."""
        if not self.stopped:
            return center, radius
        rows, centers, radii = zip(*self.stopped, (self.going, center, radius), strict=True)
        order = torch.cat(rows).argsort()
        return torch.cat(centers)[order], torch.cat(radii)[order]


def lower_bounds(graph: Graph, node: int, rows: Functionals, ball: Ball, relaxations: Relaxations) -> PerRow:
    """Lower bounds of functionals of a node's value over the ball."""
    center, radius = sweep(graph, node, rows, ball, relaxations)
    return center - radius


def unit_bounds(
    graph: Graph, node: int, wanted: Bool[Tensor, "n u"], ball: Ball, relaxations: Relaxations, *, early: EarlyStop
) -> tuple[PerRow, PerRow]:
    """Lower and upper bounds of the wanted units of every image, in row-major order, in blocks of bounded memory.

    A unit is a position in the flattened value of the node. One sweep bounds both sides if all relaxations are
    symmetric, and then may stop early; else there are two.
    """
    symmetric = all(relaxation.symmetric for relaxation in relaxations.values())
    found = []
    for image, unit, each, ends in _blocks(wanted, max(1, BLOCK // graph.footprint(node))):
        rows = replace(unit_rows(image, unit, graph.nodes[node].shape, ball.x), each=each, ends=ends)
        if symmetric:
            center, radius = sweep(graph, node, rows, ball, relaxations, early=early)
            found.append((center - radius, center + radius))
        else:
            upper = -lower_bounds(graph, node, -rows, ball, relaxations)
            found.append((lower_bounds(graph, node, rows, ball, relaxations), upper))
    return torch.cat([lower for lower, _ in found]), torch.cat([upper for _, upper in found])


def _blocks(wanted: Bool[Tensor, "n u"], most: int) -> Iterator[tuple[Tensor, Tensor, int, tuple[int, int]]]:
    """Image, unit, rows per image, first and last image of blocks of at most ``most`` rows.

    Blocks are of whole images, or of one image, where all units are wanted.
    """
    image, unit = wanted.nonzero(as_tuple=True)
    n, units = wanted.shape
    if len(image) < n * units:
        for i, u in zip(image.split(most), unit.split(most), strict=True):
            yield i, u, 0, tuple(torch.stack([i[0], i[-1]]).tolist())
    elif most >= units:
        size = most // units
        for part, (i, u) in enumerate(zip(image.split(size * units), unit.split(size * units), strict=True)):
            yield i, u, units, (part * size, part * size + len(i) // units - 1)
    else:
        for number in range(n):
            own = slice(number * units, (number + 1) * units)
            for i, u in zip(image[own].split(most), unit[own].split(most), strict=True):
                yield i, u, len(i), (number, number)


def _send(pending: dict[int, Functionals], node: int, rows: Functionals) -> None:
    """Add rows to those that other branches have sent to a node."""
    pending[node] = pending[node] + rows if node in pending else rows
