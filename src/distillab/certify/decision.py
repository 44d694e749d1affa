"""From margins to verdicts: when a lower bound above zero is a certificate, in floating point."""

import torch

from distillab.certify.graph import Graph
from distillab.core.shapes import Flags, Images, Labels, Logits, PerExample
from distillab.specs.certifier import CertifierSpec


def certified(margins: Logits, y: Labels, scale: PerExample) -> Flags:
    """Images whose every margin bound exceeds what rounding may have added to it.

    The slack is 1e-4 (1 + scale) in float32 and 1e-9 in float64: rounding itself is not bounded rigorously.

    Args:
        margins: lower bounds of Z_y - Z_j.
        y: the certified classes.
        scale: largest absolute logit of each image.
    """
    return smallest_margin(margins, y) > slack(margins.dtype, scale)


def smallest_margin(margins: Logits, y: Labels) -> PerExample:
    """The least bound over the other classes."""
    return margins.scatter(1, y[:, None], torch.inf).amin(dim=1)


def slack(dtype: torch.dtype, scale: PerExample) -> PerExample:
    """How far above zero a bound must be."""
    return torch.full_like(scale, 1e-9) if dtype == torch.float64 else 1e-4 * (1 + scale)


def clean_margins(graph: Graph, x: Images, y: Labels) -> Logits:
    """Z_y - Z_j at the images themselves."""
    with torch.no_grad():
        logits = graph(x)
    return logits.gather(1, y[:, None]) - logits


def logit_scale(graph: Graph, x: Images) -> PerExample:
    """The largest absolute logit of each image."""
    with torch.no_grad():
        return graph(x).abs().amax(dim=1)


def certify(certifier: CertifierSpec, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Flags:
    """Images on which no perturbation within ``eps`` changes the class from ``y``; there may be no images.

    Raises:
        SpecError: the radius or the pixels are out of range, or the certifier does not cover the network.
    """
    if not len(x):
        return torch.zeros_like(y, dtype=torch.bool)
    with torch.no_grad():
        return certified(certifier.margins(graph, x, y, eps), y, logit_scale(graph, x))
