"""A network as a small directed graph of affine maps, activations and sums."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Size, Tensor, dtype

from distillab.certify.activations import Activation
from distillab.certify.ops import Add, Affine, Conv, Input, Linear
from distillab.core.shapes import Images, Logits


@dataclass(frozen=True)
class Node:
    """One operation on its parents' values; ``shape`` is that of its own value for one image."""

    op: Input | Affine | Activation | Add
    parents: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which parents come first: node 0 is the input, the last one the logits.

    Weights are those of the module that was traced, not copies: gradients reach them. Only batch normalization is
    folded into the convolution before it, so that a network that has any must be traced again after a training step.
    """

    nodes: tuple[Node, ...]

    @property
    def classes(self) -> int:
        """Number of logits."""
        return self.nodes[-1].shape[0]

    @property
    def dtype(self) -> dtype | None:
        """Precision of the weights; None where there are none."""
        weights = (node.op.weight for node in self.nodes if isinstance(node.op, Linear | Conv))
        return next((weight.dtype for weight in weights), None)

    @property
    def output(self) -> int:
        """Position of the logits."""
        return len(self.nodes) - 1

    @property
    def activations(self) -> Iterator[tuple[int, Activation, int]]:
        """Position, function, and position of the pre-activation, of every activation layer."""
        for position, node in enumerate(self.nodes):
            if isinstance(node.op, Activation):
                yield position, node.op, node.parents[0]

    def values(self, x: Images) -> list[Tensor]:
        """The value of every node."""
        values: list[Tensor] = []
        for node in self.nodes:
            if isinstance(node.op, Input):
                values.append(x)
            elif isinstance(node.op, Add):
                values.append(values[node.parents[0]] + values[node.parents[1]])
            else:
                values.append(node.op(values[node.parents[0]]))
        return values

    def __call__(self, x: Images) -> Logits:
        """The network's logits."""
        return self.values(x)[-1]

    def compared(self, position: int) -> tuple[int, int]:
        """The values a and b of which a node is the larger: relu(a - b) + b."""
        rise, second = self.nodes[position].parents
        (difference,) = self.nodes[rise].parents
        return self.nodes[difference].parents[0], second

    def interval_is_exact(self, position: int) -> bool:
        """Whether interval arithmetic is exact at a node for boxes: at most one mixing map since the input, no sum."""
        mixing = 0
        while position:
            node = self.nodes[position]
            if not isinstance(node.op, Affine):
                return False
            mixing += not node.op.diagonal
            (position,) = node.parents
        return mixing <= 1

    def footprint(self, node: int) -> int:
        """The most coefficients that one unit of a node has at any node before it."""
        windows: dict[int, tuple[int, int] | None] = {node: (1, 1)}
        most = 1
        for position in range(node, -1, -1):
            if position not in windows:
                continue
            window, shape = windows[position], self.nodes[position].shape
            whole = int(Size(shape).numel())
            most = max(most, whole if window is None else min(whole, shape[0] * window[0] * window[1]))
            op = self.nodes[position].op
            for parent in self.nodes[position].parents:
                sent = op.reach(window) if isinstance(op, Affine) and window else window
                had = windows.get(parent, sent)
                windows[parent] = (max(had[0], sent[0]), max(had[1], sent[1])) if had and sent else None
        return most
