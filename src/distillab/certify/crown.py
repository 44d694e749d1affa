"""CROWN: linear bounds with adaptive slopes."""

from typing import ClassVar, Literal

from pydantic import Field

from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import LayerBounds, margins_under
from distillab.certify.graph import Graph
from distillab.certify.layered import LayeredSpec
from distillab.certify.sweep import Bounds
from distillab.core.shapes import Images, Labels, Logits, PerExample


class CROWN(LayeredSpec):
    """The line below an unstable ReLU has slope 1 if u > -l, else 0: the smaller area between the lines.

    ``layers: ibp`` bounds the layers by intervals and sweeps once, for the margins: CROWN-IBP, whose margins are
    those of training.

    Reference: Zhang et al. 2018, theorem 3.2 and section 3.3; CROWN-IBP: Zhang et al. 2020, section 3.
    """

    name: Literal["crown"] = "crown"
    layers: Literal["crown", "ibp"] = Field(default="crown", description="How the layers before the margin are bounded")
    intersect: bool = Field(default=True, description="Intersect the layers' bounds with intervals")

    paper: ClassVar = "Zhang et al., NeurIPS 2018"
    label: ClassVar = "CROWN"

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """Margins with adaptive slopes."""
        ball = ball_of(self, x, eps)
        layers = LayerBounds(("adaptive",) if self.layers == "crown" else (), intersect=self.intersect)
        return self.on_layers(graph, y, ball, layers.of(graph, ball))

    def on_layers(self, graph: Graph, y: Labels, ball: Ball, bounds: Bounds) -> Logits:
        """Margins with adaptive slopes on given bounds of the layers."""
        return margins_under(graph, y, ball, bounds, "adaptive")
