"""Projected gradient descent: steepest ascent of a loss within a ball, from random starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
from jaxtyping import Int
from pydantic import Field, model_validator
from torch import Tensor

from distillab.attacks.goal import Goal
from distillab.attacks.projections import NORMS, Ball, ball_around
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels, Logits, PerExample
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import AttackSpec
from distillab.specs.base import Fractional

AscentLoss = Literal["ce", "margin", "dlr"]


class PGD(AttackSpec):
    """x <- project(x + step_size * direction of steepest ascent), from a uniform point of the ball.

    Every point counts, the start and the last one included: an example withstands the attack only if every point of
    every restart does. The first adversarial point is the result.

    Reference: Madry et al. 2018, section 2.1; the papers keep the last point only.
    """

    name: Literal["pgd"] = "pgd"
    norm: Literal["linf", "l2"] = Field(default="linf", description="Norm of the ball")
    eps: Fractional = Field(ge=0, description="Radius of the ball, in pixel units")
    step_size: Fractional = Field(gt=0, description="Length of a step in the norm of the ball, in pixel units")
    steps: int = Field(default=40, ge=0, description="Steps per restart")
    restarts: int = Field(default=1, ge=1, description="Starts per example that has not yet failed")
    random_start: bool = Field(default=True, description="Start from a uniform point of the ball, else from the image")
    loss: AscentLoss = Field(
        default="ce",
        description="ce: cross-entropy; margin: difference of logits; dlr: the same over the logits' spread",
    )

    kind: ClassVar = "fixed_budget"
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
        rows = torch.arange(len(x), device=x.device)
        left = _Batch(rows, x, Goal.of(y, y_target), ball_around(x, self.eps, self.norm))
        for restart in range(self.restarts):
            if len(left.rows):
                x_adv = left.ball.sample(noise.take(left.rows), restart) if self.random_start else left.x
                left = self._ascend(logits_fn, left, x_adv, ledger)
        return ledger.result()

    def _ascend(self, logits_fn: LogitsFn, batch: "_Batch", x_adv: Images, ledger: Ledger) -> "_Batch":
        """The examples that withstand one restart; those that do not go to the ledger, at their first success."""
        for step in range(1, self.steps + 1):
            logits = logits_fn(x_adv.requires_grad_())
            (gradient,) = torch.autograd.grad(_LOSSES[self.loss](batch.goal, logits).sum(), x_adv)
            x_adv = x_adv.detach()
            found = is_adversarial(batch.goal.margin(logits.detach()))
            if found.any():
                self._settle(ledger, batch, x_adv, found)
                ledger.spend(batch.rows[found], forwards=step, backwards=step)
                left = (~found).nonzero().squeeze(1)
                batch, x_adv, gradient = batch.take(left), x_adv[left], gradient[left]
                if not len(left):
                    return batch
            x_adv = batch.ball.project(x_adv + self.step_size * batch.ball.ascent(gradient))
        with torch.no_grad():
            found = is_adversarial(batch.goal.margin(logits_fn(x_adv)))
        self._settle(ledger, batch, x_adv, found)
        ledger.spend(batch.rows, forwards=self.steps + 1, backwards=self.steps)
        return batch.take((~found).nonzero().squeeze(1))

    def _settle(self, ledger: Ledger, batch: "_Batch", x_adv: Images, found: Flags) -> None:
        distance = NORMS[self.norm](x_adv - batch.x)
        ledger.succeed(batch.rows[found], x_adv[found], distance[found])


@dataclass(frozen=True)
class _Batch(Rows):
    """Examples that no point has fooled yet; ``rows`` are their positions in the attacked batch."""

    rows: Int[Tensor, "n"]
    x: Images
    goal: Goal
    ball: Ball


_LOSSES: dict[AscentLoss, Callable[[Goal, Logits], PerExample]] = {
    "ce": Goal.cross_entropy,
    "margin": lambda goal, logits: -goal.margin(logits),
    "dlr": lambda goal, logits: -goal.ratio(logits),
}
