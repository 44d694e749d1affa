"""Fading: every pixel moves toward middle gray, in equal steps."""

from typing import ClassVar, Literal

import torch
from pydantic import Field

from distillab.attacks.goal import Goal
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.core.bounds import Fractional
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Images, Labels
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import AttackSpec


class Fading(AttackSpec):
    """The first adversarial point of x + clip(1/2 - x, -r, r) for r up to eps."""

    name: Literal["fading"] = "fading"
    norm: Literal["linf"] = Field(default="linf", description="Norm of the ball")
    eps: Fractional = Field(ge=0, description="Radius of the ball, in pixel units")
    steps: int = Field(default=4, ge=1, description="Radii that are tried, the last of them eps")

    kind: ClassVar = "fixed_radius"
    needs: ClassVar = "logits"
    paper: ClassVar = "distillab"
    label: ClassVar = "Fading"

    @property
    def passes(self) -> int:
        """One for each radius."""
        return self.steps

    @property
    def max_distance(self) -> float:
        """The radius."""
        return self.eps

    def run(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """Fade step by step; an image that has been turned is kept as it is."""
        goal, ledger = Goal.of(y, y_target), Ledger(x)
        rows = torch.arange(len(x), device=x.device)
        with torch.no_grad():
            for radius in torch.linspace(0, self.eps, self.steps + 1)[1:].tolist():
                faded = x[rows] + (0.5 - x[rows]).clamp(-radius, radius)
                turned = is_adversarial(goal.take(rows).margin(logits_fn(faded)))
                distance = (faded - x[rows]).abs().flatten(1).amax(dim=1)
                ledger.spend(rows, forwards=1, backwards=0)
                ledger.succeed(rows[turned], faded[turned], distance[turned])
                rows = rows[~turned]
                if not len(rows):
                    break
        return ledger.result()
