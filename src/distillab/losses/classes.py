"""The classes of a batch, and how many examples each has, without a look at the values where they are on a GPU."""

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.core.shapes import Labels


def classes_of(y: Labels, classes: int) -> tuple[Int[Tensor, "c"], Int[Tensor, "n"]]:
    """Classes, among them all that ``y`` has, and for each example the position of its own.

    On a CPU each class of the batch once, ascending. How many there are is known to a GPU alone, and to ask it would
    stall the training step: there it is every class, or of many classes the label of each example, of which the first
    stands for all that are alike.
    """
    if not y.is_cuda:
        present, rows = y.unique(return_inverse=True)
        return present, rows
    return every_class(y, classes) if classes <= len(y) else first_of_its_class(y)


def every_class(y: Labels, classes: int) -> tuple[Int[Tensor, "c"], Int[Tensor, "n"]]:
    """All classes, and the labels themselves as positions."""
    return torch.arange(classes, device=y.device), y


def first_of_its_class(y: Labels) -> tuple[Int[Tensor, "n"], Int[Tensor, "n"]]:
    """The label of each example, and the position of the first example that has its label."""
    return y, (y[:, None] == y).int().argmax(dim=1)


def counted(rows: Int[Tensor, "n"], length: int) -> Int[Tensor, "{length}"]:
    """How often each of 0 ... length - 1 occurs; unlike ``bincount``, which looks for the largest value first."""
    return rows.new_zeros(length).index_add(0, rows, torch.ones_like(rows))
