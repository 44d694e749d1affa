"""The best sound bound of each margin, with the costly methods only where the cheap ones leave an image open."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from pydantic import Field

from distillab.certify.activations import Slopes
from distillab.certify.alpha_crown import AlphaCROWN
from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import LayerBounds, margins_under, unstable_units
from distillab.certify.decision import certified, clean_margins, logit_scale, smallest_margin
from distillab.certify.graph import Graph
from distillab.certify.lp import LP
from distillab.certify.sweep import Bounds
from distillab.core.shapes import Flags, Images, Labels, Logits, PerExample
from distillab.specs.certifier import CertifierSpec

Stage = Literal["ibp", "dual", "crown", "alpha_crown", "lp", "undecided"]


@dataclass(frozen=True)
class Decided:
    """The best margins of every image, and the first method whose bound certified it."""

    margins: Logits
    by: tuple[Stage, ...]


class Best(CertifierSpec):
    """max(IBP, dual, CROWN) on layer bounds that intersect all three; alpha-CROWN, then LPs, on what is still open.

    Images that the network misclassifies cost no second look. What an image costs is limited by the image alone, so
    that its bounds do not depend on its batch mates.

    Reference: methods, robustness 6.8: each bound is sound, and none of the first three beats the others always.
    """

    name: Literal["best"] = "best"
    alpha_steps: int = Field(default=20, ge=0, description="Steps of alpha-CROWN on open images; 0 leaves it out")
    lp_units: int = Field(
        default=0, ge=0, description="Solve LPs for open images with at most this many unstable units"
    )

    paper: ClassVar = "this project"
    label: ClassVar = "best"

    def margins(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Logits:
        """The best margins; without gradients."""
        return self.decide(graph, x, y, eps).margins

    def attributed(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> tuple[Logits, tuple[str, ...]]:
        """The best margins, and the first method that certified each image."""
        decided = self.decide(graph, x, y, eps)
        return decided.margins, decided.by

    def decide(self, graph: Graph, x: Images, y: Labels, eps: float | PerExample) -> Decided:
        """The best margins, and which method certified each image."""
        with torch.no_grad():
            return _Cascade(graph, y, ball_of(self, x, eps)).run(self)


class _Cascade:
    """The best margins so far, and the images that no bound has certified yet."""

    def __init__(self, graph: Graph, y: Labels, ball: Ball) -> None:
        self.graph = graph
        self.by: list[Stage] = ["undecided"] * len(y)
        self.best = torch.full((len(y), graph.classes), -torch.inf, dtype=ball.x.dtype, device=ball.x.device)
        self.rows = torch.arange(len(y), device=y.device)
        self.y, self.ball = y, ball
        self.scale = logit_scale(graph, ball.x)
        self.hopeless = smallest_margin(clean_margins(graph, ball.x, y), y) <= 0
        self.bounds: Bounds = {}

    def run(self, spec: Best) -> Decided:
        """Every method in the order of its cost, each on the images that those before it left open."""
        self._offer_linear({"ibp": "constant", "dual": "parallel"}, LayerBounds(("parallel",)))
        self._narrow(~self.hopeless)
        self._offer_linear({"dual": "parallel", "crown": "adaptive"}, LayerBounds(("parallel", "adaptive")))
        if spec.alpha_steps and len(self.rows):
            ascent = AlphaCROWN(steps=spec.alpha_steps)
            self._offer("alpha_crown", ascent.on_layers(self.graph, self.y, self.ball, self.bounds))
        if spec.lp_units and spec.norm in LP.norms:
            self._narrow(unstable_units(self.bounds) <= spec.lp_units)
            if len(self.rows):
                self._offer("lp", LP().on_layers(self.graph, self.y, self.ball, self.bounds))
        return Decided(self.best, tuple(self.by))

    def _offer_linear(self, stages: dict[Stage, Slopes], layers: LayerBounds) -> None:
        if not len(self.rows):
            return
        self.bounds = layers.of(self.graph, self.ball)
        found = {s: margins_under(self.graph, self.y, self.ball, self.bounds, slopes) for s, slopes in stages.items()}
        for stage, margins in found.items():
            self._offer(stage, margins, narrow=False)
        self._narrow(~self._settled())

    def _offer(self, stage: Stage, margins: Logits, *, narrow: bool = True) -> None:
        """Keep what is better, and note the stage at images that it certifies first."""
        before = self._settled()
        self.best[self.rows] = torch.maximum(self.best[self.rows], margins)
        for row in self.rows[self._settled() & ~before].tolist():
            self.by[row] = stage
        if narrow:
            self._narrow(~self._settled())

    def _settled(self) -> Flags:
        return certified(self.best[self.rows], self.y, self.scale)

    def _narrow(self, keep: Flags) -> None:
        """Go on with some of the images."""
        kept = keep.nonzero().flatten()
        self.rows, self.y, self.ball = self.rows[kept], self.y[kept], self.ball.take(kept)
        self.scale, self.hopeless = self.scale[kept], self.hopeless[kept]
        self.bounds = {p: (lower[kept], upper[kept]) for p, (lower, upper) in self.bounds.items()}
