"""Pre-activations as sparse expressions of the activations before them, for programs of a solver."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distillab.certify.activations import ReLU
from distillab.certify.functionals import Functionals, unit_rows
from distillab.certify.graph import Graph
from distillab.certify.ops import Add, Affine
from distillab.core.errors import SpecError

Vector = NDArray[np.float64]
BLOCK = 256
"""Units whose dense coefficients are held at once."""


@dataclass(frozen=True)
class Expression:
    """A node's value as matrices times the values of inputs and activations, plus a constant."""

    matrices: dict[int, Any]
    constant: Vector


@dataclass(frozen=True)
class Expressions:
    """What a network's programs are made of, the same for all images."""

    before: dict[int, Expression]
    """Every pre-activation, by the position of its activation."""
    logits: Expression


def expressions(graph: Graph, like: Tensor) -> Expressions:
    """The pre-activations and the logits of a network.

    Raises:
        SpecError: an activation is no ReLU.
    """
    before = {}
    for position, activation, node in graph.activations:
        if not isinstance(activation, ReLU):
            raise SpecError("linear programs know ReLU only", got=type(activation).__name__, do="use another certifier")
        before[position] = _expression(graph, node, like)
    return Expressions(before, _expression(graph, graph.output, like))


def _expression(graph: Graph, node: int, like: Tensor) -> Expression:
    from scipy.sparse import csr_array, vstack

    shape = graph.nodes[node].shape
    parts: dict[int, list[Any]] = {}
    constants = []
    for block in torch.arange(prod(shape), device=like.device).split(BLOCK):
        reached, constant = _reached(graph, node, unit_rows(torch.zeros_like(block), block, shape, like))
        for position, there in reached.items():
            parts.setdefault(position, []).append(csr_array(numbers(there.whole().spread().coef.flatten(1))))
        constants.append(numbers(constant))
    return Expression({p: vstack(blocks, format="csr") for p, blocks in parts.items()}, np.concatenate(constants))


def _reached(graph: Graph, node: int, rows: Functionals) -> tuple[dict[int, Functionals], Tensor]:
    """Rows of a node as rows of the inputs and activations before it, and a constant."""
    pending, reached = {node: rows}, {}
    constant = rows.coef.new_zeros(len(rows))
    for position in range(node, -1, -1):
        if position not in pending:
            continue
        here, op = pending.pop(position), graph.nodes[position].op
        if isinstance(op, Affine):
            here = here.clipped()
            constant = constant + op.constant(here)
            here = op.pull(here)
        elif not isinstance(op, Add):
            reached[position] = here.clipped()
            continue
        for parent in graph.nodes[position].parents:
            pending[parent] = pending[parent] + here if parent in pending else here
    return reached, constant


def numbers(values: Tensor) -> Vector:
    """A tensor as float64 numbers."""
    return values.detach().to("cpu", torch.float64).numpy()
