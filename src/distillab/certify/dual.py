"""The dual bound of the convex outer polytope."""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import LayerBounds, margins_under
from distillab.certify.graph import Graph
from distillab.certify.layered import LayeredSpec
from distillab.certify.sweep import Bounds
from distillab.core.shapes import Images, Labels, Logits, PerExample
from distillab.specs.as_published import CITED, AsPublished, Settings, settled

BOUNDS: Settings = {"wong-kolter": {"intersect": False, "input_box": False}, "scaling": {"intersect": False}}
"""What the papers' bounds are; the code of `scaling` keeps pixels in their box where it does not normalize them."""


class Dual(LayeredSpec):
    """Both lines of an unstable ReLU are as steep as its chord, d = u / (u - l): alpha = d in the dual problem.

    J(c) = -sum nu_{i+1} . b_i - nu_1 . x - eps ||nu_1||_q + sum over unstable units of l [nu]_+, which bounds c . Z
    from below. With parallel lines each sweep yields lower and upper bounds, and the bound is linear in c.

    Differentiable in the weights: through slopes and bounds, never through the choice of unstable units.

    Reference: Wong & Kolter 2018, theorem 1 and algorithm 1; for graphs Wong et al. 2018, theorem 1.
    ``as_published`` gives the bounds of their tables.
    """

    name: Literal["dual"] = "dual"
    intersect: bool = Field(default=True, description="Intersect the layers' bounds with intervals")
    as_published: AsPublished = None

    paper: ClassVar = "Wong & Kolter, ICML 2018"
    label: ClassVar = "WK dual"

    @model_validator(mode="before")
    @classmethod
    def _as_published(cls, given: Any) -> Any:  # noqa: ANN401 - what a user wrote
        return settled(given, BOUNDS)

    @property
    def display_name(self) -> str:
        """A published bound says whose it is."""
        return f"{self.label} of {CITED[self.as_published]}" if self.as_published else self.label

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """J(e_y - e_j) from bounds by the same method."""
        ball = ball_of(self, x, eps)
        bounds = LayerBounds(("parallel",), intersect=self.intersect).of(graph, ball)
        return self.on_layers(graph, y, ball, bounds)

    def on_layers(self, graph: Graph, y: Labels, ball: Ball, bounds: Bounds) -> Logits:
        """J(e_y - e_j) on given bounds of the layers."""
        return margins_under(graph, y, ball, bounds, "parallel")
