"""The certified radius of each image, by bisection."""

import torch

from distillab.certify.decision import certify
from distillab.certify.graph import Graph
from distillab.core.errors import SpecError
from distillab.core.shapes import Images, Labels, PerExample
from distillab.specs.certifier import CertifierSpec


def certified_radius(
    certifier: CertifierSpec, graph: Graph, x: Images, y: Labels, *, largest: float, halvings: int = 6
) -> PerExample:
    """For each image a radius in [0, largest] that the certifier certified, by bisection; -inf where not even 0 is.

    The grid has 2^halvings cells. Bounds need not fall as the radius grows, so that a larger radius may be certified
    too; the returned one is, by a bound of its own.

    Args:
        certifier: a sound bound.
        graph: the traced network.
        x: images in [0, 1].
        y: their labels.
        largest: end of the grid, in pixel units.
        halvings: bounds that an image costs, beside those at both ends.

    Raises:
        SpecError: the grid is empty, or the certifier refuses the images or the network.
    """
    if halvings < 0 or not largest > 0:
        raise SpecError(
            "the grid of radii is empty", expected="largest > 0, halvings >= 0", got=f"{largest}, {halvings}"
        )
    correct = certify(certifier, graph, x, y, 0.0)
    whole = certify(certifier, graph, x, y, largest)
    good = x.new_zeros(len(x)).where(~whole, largest)
    open_ = (correct & ~whole).nonzero().flatten()
    step = largest
    for _ in range(halvings if len(open_) else 0):
        step /= 2
        tried = good[open_] + step
        passed = certify(certifier, graph, x[open_], y[open_], tried)
        good = good.index_copy(0, open_, tried.where(passed, good[open_]))
    return good.where(correct | whole, -torch.inf)
