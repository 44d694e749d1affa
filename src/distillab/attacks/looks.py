"""When an attack's loop looks at which examples are finished.

On a CPU a look costs nothing, and every example dropped saves its passes. A GPU works far behind its host, and a look
waits until it has done all that it was asked: finished examples stay with the others until the next look, and nothing
that happens to them meanwhile is noted.
"""

from jaxtyping import Int
from torch import Tensor

from distillab.core.shapes import Flags

EVERY = 10
"""Iterations from one look at a GPU to the next."""


def any_of(flags: Flags) -> bool:
    """Whether to do what is done for examples with a flag: on a GPU always, for to ask costs more than to do it."""
    return flags.is_cuda or bool(flags.any())


def parted(going: Flags) -> tuple[Int[Tensor, "m"], Int[Tensor, "l"]]:
    """Positions of the examples that are finished, and of those that are going on, in one look."""
    order, finished = going.int().argsort(stable=True), int((~going).sum())
    return order[:finished], order[finished:]


def crowded(going: Flags, iteration: int) -> bool:
    """Whether to drop the examples that are not going on any more, after an iteration counted from 1."""
    return iteration % EVERY == 0 if going.is_cuda else not bool(going.all())
