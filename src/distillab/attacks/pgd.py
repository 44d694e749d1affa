"""Projected gradient descent: steepest ascent of a loss within a ball, from random starts."""

from typing import ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator

from distillab.attacks.ascent import Ascending, Ascent, AscentLoss, tried
from distillab.attacks.goal import Goal
from distillab.attacks.projections import ball_around
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.core.bounds import Factor, PixelLength, Restarts, Steps
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Images, Labels
from distillab.specs.attack import AttackSpec


class PGD(AttackSpec):
    """x <- project(x + step_size * direction of steepest ascent), from a uniform point of the ball.

    Every point counts, the start and the last one included: an example withstands the attack only if every point of
    every restart does. The first adversarial point is the result, or with ``beyond`` the last one before the
    adversarial class wins by as many logits: ``loss: margin`` is the papers' CW, and with ``beyond: 50`` their CW+.
    What is carried over to another network is the last point, as in the papers.

    Reference: Madry et al. 2018, section 2.1; the papers keep the last point only.
    """

    name: Literal["pgd"] = "pgd"
    norm: Literal["linf", "l2"] = Field(default="linf", description="Norm of the ball")
    eps: PixelLength = Field(ge=0, description="Radius of the ball, in pixel units")
    step_size: PixelLength = Field(gt=0, description="Length of a step in the norm of the ball, in pixel units")
    steps: Steps = Field(default=40, ge=1, description="Steps per restart")
    restarts: Restarts = Field(default=1, ge=1, description="Starts per example that has not yet failed")
    random_start: bool = Field(default=True, description="Start from a uniform point of the ball, else from the image")
    loss: AscentLoss = Field(
        default="ce",
        description="ce: cross-entropy; margin: difference of logits; dlr: the same over the logits' spread",
    )

    beyond: Factor = Field(
        default=0.0,
        ge=0,
        description="Logits by which the adversarial class must win before an example is left alone; what is carried "
        "over to other networks gets stronger, what fools the attacked one is the same",
    )

    kind: ClassVar = "fixed_radius"
    randomized: ClassVar = True
    paper: ClassVar = "Madry et al., ICLR 2018"
    label: ClassVar = "PGD"

    @property
    def passes(self) -> int:
        """One for each point of each restart."""
        return self.restarts * (self.steps + 1)

    @property
    def max_distance(self) -> float:
        """The radius."""
        return self.eps

    @model_validator(mode="after")
    def _restarts_differ(self) -> Self:
        if self.restarts > 1 and not self.random_start:
            raise ValueError("several restarts from the same point repeat one another: set random_start or restarts: 1")
        return self

    def run(
        self, logits_fn: LogitsFn, x: Images, y: Labels, *, noise: ExampleNoise, y_target: Labels | None = None
    ) -> AttackResult:
        """Restart the examples that are left until none is, or the restarts are used up."""
        ledger = Ledger(x)
        left = Ascending.start(x, Goal.of(y, y_target), ball_around(x, self.eps, self.norm))
        ascent = Ascent(self.loss, self.norm, self.steps, self.step_size, self.beyond)
        for restart in range(self.restarts):
            if len(left.rows):
                x_adv = left.ball.sample(noise.take(left.rows), restart) if self.random_start else left.x
                left = ascent.run(logits_fn, left, x_adv, ledger)
        return ledger.result()

    def carried(
        self, logits_fn: LogitsFn, x: Images, y: Labels, *, noise: ExampleNoise, y_target: Labels | None = None
    ) -> AttackResult:
        """The last point of the restart that ends at the largest loss."""
        ball, goal = ball_around(x, self.eps, self.norm), Goal.of(y, y_target)
        ascent = Ascent(self.loss, self.norm, self.steps, self.step_size, self.beyond)
        best, largest = x, torch.full((len(x),), -torch.inf, dtype=x.dtype, device=x.device)
        for restart in range(self.restarts):
            start = ball.sample(noise, restart) if self.random_start else x
            x_adv, loss = ascent.last(logits_fn, goal, ball, start)
            larger = loss > largest
            best, largest = torch.where(larger[:, None, None, None], x_adv, best), torch.where(larger, loss, largest)
        return tried(x, best, self.norm, starts=self.restarts, steps=self.steps)
