"""Certifiers whose margins follow from bounds of the layers, which they can share."""

from abc import abstractmethod

from distillab.certify.ball import Ball
from distillab.certify.graph import Graph
from distillab.certify.sweep import Bounds
from distillab.core.shapes import Labels, Logits
from distillab.specs.certifier import CertifierSpec


class LayeredSpec(CertifierSpec):
    """A certifier that `best` may combine with others."""

    @abstractmethod
    def on_layers(self, graph: Graph, y: Labels, ball: Ball, bounds: Bounds) -> Logits:
        """Lower bounds of Z_y - Z_j over the ball, (n, k), on given bounds of the layers, whoever found them.

        Args:
            graph: the traced network.
            y: the classes to certify.
            ball: what is covered, in a norm that the method covers.
            bounds: lower and upper bounds of every pre-activation.
        """
