"""Certify images: margins turned into verdicts, one row per image and radius."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from distillab.certify.decision import certified, smallest_margin
from distillab.certify.graph import Graph
from distillab.certify.radius import certified_radius
from distillab.core.errors import ContractError
from distillab.core.shapes import Flags, Images, Labels, PerExample
from distillab.evaluate.checks import require_labels
from distillab.specs.certifier import CertifierSpec

BATCH = 96
"""Images bounded together. A bound's last bits may depend on an image's batch mates, so that this is part of the code
and no parameter: on one processor, equal images, network and spec give equal bytes."""

Progress = Callable[[int], None]
"""Is told the number of images done."""


@dataclass(frozen=True)
class CertificateTable:
    """One row per image, on the CPU, for one radius."""

    label: Labels
    predicted: Labels
    margin: PerExample
    """The smallest lower bound of Z_y - Z_j for the label y; where y is not predicted, the clean margin, at most 0."""
    certified: Flags
    """No perturbation within the radius changes the class from the label."""
    certified_prediction: Flags
    """None changes it from the predicted class, be that right or wrong."""
    by: tuple[str, ...]
    """The method whose bound decided the predicted class; empty where none did."""
    slack: Flags
    """The predicted class's bound is positive, but by no more than rounding may have added: not certified."""

    def columns(self) -> dict[str, np.ndarray]:
        """The table as arrays, by column name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v.numpy() if isinstance(v, Tensor) else np.array(v, object) for name, v in values.items()}


def run_certifier(
    spec: CertifierSpec, graph: Graph, x: Images, y: Labels, *, eps: float, progress: Progress = lambda _done: None
) -> CertificateTable:
    """Verdicts on every image at one radius, from bounds of the margins of its predicted class.

    Args:
        spec: a sound bound.
        graph: the traced network.
        x: images in [0, 1], of the network's dtype.
        y: their labels.
        eps: the radius in pixel units.
        progress: called after every batch.

    Raises:
        SpecError: the radius or the pixels are out of range, or the certifier does not cover the norm or the network.
        ContractError: these are no images or labels of the network.
    """
    _require(graph, x, y)
    parts, done = [], 0
    for images, labels in zip(x.split(BATCH), y.split(BATCH), strict=True):
        parts.append(_verdicts(spec, graph, images, labels, eps))
        progress(done := done + len(images))
    tensors = {
        field.name: torch.cat([getattr(part, field.name) for part in parts]).cpu()
        for field in fields(CertificateTable)
        if field.name != "by"
    }
    return CertificateTable(**tensors, by=tuple(method for part in parts for method in part.by))


def radii(spec: CertifierSpec, graph: Graph, x: Images, y: Labels, *, largest: float, halvings: int) -> PerExample:
    """A certified radius of each image, by bisection up to ``largest``; 0 where none is found; on the CPU.

    Raises:
        SpecError: as in `run_certifier`, or the grid is empty.
        ContractError: as in `run_certifier`.
    """
    _require(graph, x, y)
    found = torch.zeros(len(x), dtype=x.dtype)
    with torch.no_grad():
        right = torch.cat([graph(images).argmax(dim=1) for images in x.split(BATCH)]) == y
    for rows in right.nonzero().flatten().split(BATCH) if right.any() else ():
        radius = certified_radius(spec, graph, x[rows], y[rows], largest=largest, halvings=halvings)
        found[rows.cpu()] = radius.clamp(min=0).cpu()
    return found


def _require(graph: Graph, x: Images, y: Labels) -> None:
    require_labels(y, "labels", graph.classes)
    dtype = graph.dtype or x.dtype
    if not 0 < len(x) == len(y) or tuple(x.shape[1:]) != graph.nodes[0].shape or x.dtype != dtype:
        raise ContractError(
            "images, labels and the network do not match",
            expected=f"as many of both, images {graph.nodes[0].shape} of {dtype}",
            got=f"{len(x)} images {tuple(x.shape[1:])} of {x.dtype}, {len(y)} labels",
        )


def _verdicts(spec: CertifierSpec, graph: Graph, x: Images, y: Labels, eps: float) -> CertificateTable:
    with torch.no_grad():
        logits = graph(x)
        predicted = logits.argmax(dim=1)
        margins, methods = spec.attributed(graph, x, predicted, eps)
    sure = certified(margins, predicted, logits.abs().amax(dim=1))
    right = predicted == y
    clean = smallest_margin(logits.gather(1, y[:, None]) - logits, y)
    bound = smallest_margin(margins, predicted)
    return CertificateTable(
        label=y,
        predicted=predicted,
        margin=bound.where(right, clean),
        certified=sure & right,
        certified_prediction=sure,
        by=tuple(method if decided else "" for method, decided in zip(methods, sure.tolist(), strict=True)),
        slack=(bound > 0) & ~sure,
    )
