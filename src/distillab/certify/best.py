"""The best sound bound of each margin, with the costly methods only where the cheap ones leave an image open."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from distillab.certify.ball import Ball, ball_of
from distillab.certify.bounds import LayerBounds
from distillab.certify.combined import Tier, tiers
from distillab.certify.decision import certified, clean_margins, logit_scale, smallest_margin
from distillab.certify.graph import Graph
from distillab.certify.sweep import Bounds
from distillab.core.bounds import Steps, Units
from distillab.core.shapes import Flags, Images, Labels, Logits, PerExample
from distillab.specs.certifier import CertifierSpec

UNDECIDED = "undecided"
"""Stands for the method at images that no bound certifies."""


@dataclass(frozen=True)
class Decided:
    """The best margins of every image, and the first method whose bound certified it."""

    margins: Logits
    by: tuple[str, ...]


class Best(CertifierSpec):
    """max(IBP, dual, CROWN) on layer bounds that intersect all three; alpha-CROWN, then LPs, on what is still open.

    What intersected bounds leave open, the dual is asked about on its own bounds, too: tighter layers have other
    chords, and their margins may be looser.

    Images that the network misclassifies cost no second look. What an image costs is limited by the image alone, so
    that its bounds do not depend on its batch mates.

    Reference: methods, robustness 6.8: each bound is sound, and none of the first three beats the others always.
    """

    name: Literal["best"] = "best"
    alpha_steps: Steps = Field(default=20, ge=0, description="Steps of alpha-CROWN on open images; 0 leaves it out")
    lp_units: Units = Field(
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
            found = _BestSoFar(graph, y, ball_of(self, x, eps))
            for tier in self._asked:
                found.consult(tier)
            return Decided(found.margins, tuple(found.by))

    @property
    def deciders(self) -> tuple[str, ...]:
        """The combined methods that these parameters ask."""
        return tuple(dict.fromkeys(method.name for tier in self._asked for method in tier.methods_in(self.norm)))

    @property
    def _asked(self) -> tuple[Tier, ...]:
        every = tiers(alpha_steps=self.alpha_steps, lp_units=self.lp_units)
        return tuple(tier for tier in every if tier.asked)


class _BestSoFar:
    """The best margins so far, and the images that are still looked at: right, and not certified by any bound."""

    def __init__(self, graph: Graph, y: Labels, ball: Ball) -> None:
        self.graph = graph
        self.by = [UNDECIDED] * len(y)
        self.margins = torch.full((len(y), graph.classes), -torch.inf, dtype=ball.x.dtype, device=ball.x.device)
        self.rows = torch.arange(len(y), device=y.device)
        self.y, self.ball = y, ball
        self.scale = logit_scale(graph, ball.x)
        self.hopeless = smallest_margin(clean_margins(graph, ball.x, y), y) <= 0
        self.bounds: Bounds = {}

    def consult(self, tier: Tier) -> None:
        """Ask the methods of a tier about the open images within their reach, all on the same bounds."""
        if not len(self.rows):
            return
        if tier.sweeps:
            self.bounds = LayerBounds(tier.sweeps, tier.intersect).of(self.graph, self.ball)
        near = tier.within_reach(self.ball, self.bounds).nonzero().flatten()
        if not len(near):
            return
        y, ball, bounds = self.y[near], self.ball.take(near), _taken(self.bounds, near)
        for method in tier.methods_in(ball.norm):
            self._offer(method.name, near, method.on_layers(self.graph, y, ball, bounds))
        self._keep(~(self._settled() | self.hopeless))

    def _offer(self, name: str, near: Tensor, margins: Logits) -> None:
        """Keep what is better, and note the method at images that it certifies first."""
        before = self._settled()
        rows = self.rows[near]
        self.margins[rows] = torch.maximum(self.margins[rows], margins)
        for row in self.rows[self._settled() & ~before].tolist():
            self.by[row] = name

    def _settled(self) -> Flags:
        return certified(self.margins[self.rows], self.y, self.scale)

    def _keep(self, open_: Flags) -> None:
        kept = open_.nonzero().flatten()
        self.rows, self.y, self.ball = self.rows[kept], self.y[kept], self.ball.take(kept)
        self.scale, self.hopeless = self.scale[kept], self.hopeless[kept]
        self.bounds = _taken(self.bounds, kept)


def _taken(bounds: Bounds, rows: Tensor) -> Bounds:
    return {position: (lower[rows], upper[rows]) for position, (lower, upper) in bounds.items()}
