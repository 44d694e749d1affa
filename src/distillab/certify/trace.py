"""From a module to the graph that certifiers work on, or one error that names the layer they do not know."""

import operator
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from distillab.certify.activations import Activation, ReLU, Sigmoid, Tanh
from distillab.certify.graph import Graph, Node
from distillab.certify.layers import BatchNorm, Shape, affine, flattening, folded, scaling
from distillab.certify.ops import Add, Affine, Input
from distillab.certify.overwriting import refuse_overwritten
from distillab.certify.pooling import max_pool
from distillab.core.errors import SpecError
from distillab.core.generators import generator
from distillab.models.modes import first_of_batch_statistics
from distillab.models.normalize import Normalize

ACTIVATIONS: dict[object, Activation] = {
    nn.ReLU: ReLU(), F.relu: ReLU(), torch.relu: ReLU(), "relu": ReLU(),
    nn.Sigmoid: Sigmoid(), torch.sigmoid: Sigmoid(), "sigmoid": Sigmoid(),
    nn.Tanh: Tanh(), torch.tanh: Tanh(), "tanh": Tanh(),
}  # fmt: skip
PASSED_ON = (nn.Identity, nn.Dropout, nn.Dropout2d)
SUMS = (operator.add, operator.iadd, torch.add)
MAX_POOLS = (F.max_pool2d, torch.max_pool2d)
PRECISIONS = (torch.float32, torch.float64)
COMPARED = 4
"""Images on which the graph must say what the network says."""

CLOSE = 1e-3
"""How far its logits may be off, and relative to the largest if that is above 1: deep networks add up rounding."""

KNOWN = "convolutions, dense layers, pools without padding, batch normalization, flatten, sums, ReLU, sigmoid, tanh"


def trace(model: nn.Module, shape: Shape) -> Graph:
    """The graph of a network in evaluation mode, for images of ``shape``; it shares the network's weights.

    The network's path of layers is read symbolically. Some random images go through both, so that a layer that was
    misunderstood does not pass.

    Raises:
        SpecError: an operation that certifiers do not know, a value that is overwritten before it is read for the last
            time, normalization or dropout in training mode, weights that are not finite or of half precision, or a
            graph that computes something else.
    """
    _refuse_bad_weights(model)
    if layer := first_of_batch_statistics(model):
        raise SpecError("normalization by the batch's own statistics", where=layer, expected="running statistics")
    try:
        traced = _Tracer().trace(model)
    except (fx.proxy.TraceError, TypeError, RuntimeError) as error:
        raise SpecError("the network has no fixed graph", where=type(model).__name__, got=str(error)) from error
    weight = next(model.parameters(), torch.zeros(()))
    modules = dict(model.named_modules())
    refuse_overwritten(traced, modules)
    builder = _Builder(modules, weight.new_zeros(1, *shape))
    for node in traced.nodes:
        builder.visit(node)
    graph = builder.graph()
    _refuse_other_function(model, graph, torch.rand(COMPARED, *shape, generator=generator(0, "traced")).to(weight))
    return graph


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, Normalize) or super().is_leaf_module(m, module_qualified_name)


class _Builder:
    """Turns one traced operation after the other into nodes, and keeps an example of every node's value."""

    def __init__(self, modules: dict[str, nn.Module], x: Tensor) -> None:
        self.modules = modules
        self.nodes = [Node(Input(), (), tuple(x.shape[1:]))]
        self.examples = [x]
        self.position: dict[fx.Node, int] = {}
        self.result = 0

    def visit(self, node: fx.Node) -> None:
        """Add the nodes of one traced operation."""
        if node.op == "output":
            if not isinstance(node.args[0], fx.Node):
                raise SpecError(
                    "the network's result is not one tensor", expected="logits alone", got=str(node.args[0])
                )
            self.result = self.position[node.args[0]]
        elif node.op == "placeholder":
            self.position[node] = 0
        elif node.op == "get_attr":
            raise _unknown(f"sums and products with parameters like {node.target}", _path(node))
        else:
            self.position[node] = self._layer(node) if node.op == "call_module" else self._function(node)

    def graph(self) -> Graph:
        """The finished graph, without nodes that the result does not need.

        Raises:
            SpecError: the result is not a vector for each image.
        """
        if len(self.nodes[self.result].shape) != 1:
            got = "x".join(map(str, self.nodes[self.result].shape))
            raise SpecError("the network's result is not a vector of logits", got=f"values of {got}")
        return Graph(_needed(self.nodes, self.result))

    def _layer(self, node: fx.Node) -> int:
        path, source = str(node.target), node.all_input_nodes[0]
        layer, parent = self.modules[path], self.position[source]
        if isinstance(layer, (*PASSED_ON, BatchNorm)) and layer.training:
            raise SpecError(
                "the layer is in training mode", where=f"{type(layer).__name__} at {path}", do="call eval()"
            )
        if isinstance(layer, PASSED_ON):
            return parent
        if isinstance(layer, BatchNorm) and len(source.users) == 1:
            whole = folded(self.nodes[parent].op, layer)
            if whole is not None:
                return self._append(whole, self.nodes[parent].parents[0])
        found = self._known(layer, parent)
        if found is None:
            raise _unknown(f"{type(layer).__name__}({layer.extra_repr()})", path)
        return found

    def _known(self, layer: nn.Module, parent: int) -> int | None:
        """The position of a layer's result; None where certifiers do not know the layer."""
        if isinstance(layer, nn.MaxPool2d):
            return max_pool(layer, self._append, parent, self.nodes[parent].shape)
        op = ACTIVATIONS.get(type(layer)) or affine(layer, self.examples[parent])
        return None if op is None else self._append(op, parent)

    def _function(self, node: fx.Node) -> int:
        parents = [self.position[argument] for argument in node.args if isinstance(argument, fx.Node)]
        if node.target in ACTIVATIONS:
            return self._append(ACTIVATIONS[node.target], *parents)
        if node.target in SUMS and self._are_alike(parents) and not node.kwargs:
            return self._append(Add(), *parents)
        if node.target in (torch.flatten, "flatten") and node.args[1:] == (1,):
            return self._append(flattening(self.nodes[parents[0]].shape), *parents)
        if node.target is operator.truediv and isinstance(node.args[1], int | float):
            return self._append(scaling(1 / node.args[1]), *parents)
        if node.target in MAX_POOLS and len(node.args) < 6:  # the fifth option has another place in the layer
            options: Any = node.args[1:], node.kwargs
            pool = self._known(nn.MaxPool2d(*options[0], **options[1]), *parents)
            if pool is not None:
                return pool
        raise _unknown(getattr(node.target, "__name__", str(node.target)), _path(node))

    def _append(self, op: Affine | Activation | Add, *parents: int) -> int:
        with torch.no_grad():
            values = [self.examples[parent] for parent in parents]
            value = values[0] if isinstance(op, Add) else op(*values)
        self.nodes.append(Node(op, parents, tuple(value.shape[1:])))
        self.examples.append(value)
        return len(self.nodes) - 1

    def _are_alike(self, parents: list[int]) -> bool:
        return len(parents) == 2 and self.nodes[parents[0]].shape == self.nodes[parents[1]].shape


def _needed(nodes: list[Node], result: int) -> tuple[Node, ...]:
    """The nodes that ``result`` depends on, renumbered."""
    needed = {0, result}
    for position in range(result, 0, -1):
        if position in needed:
            needed.update(nodes[position].parents)
    order = {old: new for new, old in enumerate(sorted(needed))}
    return tuple(replace(nodes[old], parents=tuple(order[p] for p in nodes[old].parents)) for old in order)


def _path(node: fx.Node) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    return next(reversed(stack), "") or "the network itself"


def _unknown(what: str, path: str) -> SpecError:
    return SpecError(f"certifiers do not know {what}", where=path, expected=KNOWN, do="choose another network")


def _refuse_bad_weights(model: nn.Module) -> None:
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if not value.isfinite().all():
            raise SpecError("weights are not finite", where=name, do="train the network again")
        if value.is_floating_point() and value.dtype not in PRECISIONS:
            raise SpecError(
                "half precision rounds more than certificates allow for", where=name,
                expected="float32 or float64", got=str(value.dtype), do="call float() or double()",
            )  # fmt: skip


def _refuse_other_function(model: nn.Module, graph: Graph, x: Tensor) -> None:
    with torch.no_grad():
        theirs, ours = model(x), graph(x)
    close = theirs.shape == ours.shape and (theirs - ours).abs().max() <= CLOSE * theirs.abs().max().clamp(min=1)
    if not close:
        raise SpecError("the traced graph is not the network", where=type(model).__name__, do="report its layers")
