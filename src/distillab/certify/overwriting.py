"""Operations that overwrite what they are given: a graph has no such thing, so the old value must not be read again."""

import operator
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import fx, nn

from distillab.core.errors import SpecError

VIEWS = (torch.flatten, "flatten")
"""Functions whose result may be what they were given, under another shape."""

VIEWING = (nn.Identity, nn.Flatten, nn.Dropout, nn.Dropout2d)
"""Layers of which the same is true, in evaluation mode."""


def refuse_overwritten(traced: fx.Graph, modules: Mapping[str, nn.Module]) -> None:
    """Refuse a network that reads a value after an operation in place has overwritten it.

    Args:
        traced: the operations, in the order in which they are made.
        modules: the network's layers, by path.

    Raises:
        SpecError: there is one.
    """
    order = {node: number for number, node in enumerate(traced.nodes)}
    first: dict[fx.Node, fx.Node] = {}
    for node in traced.nodes:
        source = node.all_input_nodes[0] if node.all_input_nodes else node
        overwrites = _is_in_place(node, modules)
        first[node] = first[source] if source is not node and (overwrites or _is_view(node, modules)) else node
        if not overwrites:
            continue
        old = [other for other in first if other is not node and first[other] is first[node]]
        if any(order[user] > order[node] for other in old for user in other.users):
            raise SpecError(
                "a value is overwritten in place and read again", where=str(node.target),
                expected="layers with inplace=False", do="leave the value as it is, or copy it first",
            )  # fmt: skip


def _is_in_place(node: fx.Node, modules: Mapping[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return bool(getattr(modules[str(node.target)], "inplace", False))
    return node.target is operator.iadd or (node.target is F.relu and True in (*node.args[1:], *node.kwargs.values()))


def _is_view(node: fx.Node, modules: Mapping[str, nn.Module]) -> bool:
    if node.op == "call_module":
        return isinstance(modules[str(node.target)], VIEWING)
    return node.target in VIEWS
