"""Interval bound propagation."""

from typing import ClassVar, Literal

from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import LayerBounds, margins_under
from distillab.certify.graph import Graph
from distillab.certify.layered import LayeredSpec
from distillab.certify.sweep import Bounds
from distillab.core.shapes import Images, Labels, Logits, PerExample


class IBP(LayeredSpec):
    """Interval arithmetic layer by layer; the margin's row is merged with the affine maps before it.

    W z + b lies within W c + b ± |W| r of a box with center c and half widths r. Other balls are enclosed in a box.

    Reference: Gowal et al. 2018, section 3.
    """

    name: Literal["ibp"] = "ibp"
    paper: ClassVar = "Gowal et al., ICCV 2019"
    label: ClassVar = "IBP"

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """Merged margins from intervals."""
        ball = ball_of(self, x, eps)
        return self.on_layers(graph, y, ball, LayerBounds().of(graph, ball))

    def on_layers(self, graph: Graph, y: Labels, ball: Ball, bounds: Bounds) -> Logits:
        """Merged margins from given intervals of the layers."""
        return margins_under(graph, y, ball, bounds, "constant")
