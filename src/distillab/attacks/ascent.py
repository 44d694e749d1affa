"""Steepest ascent of a loss within a ball: the loop of FGSM, BIM and PGD."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import torch
from jaxtyping import Int
from torch import Tensor

from distillab.attacks.goal import Goal
from distillab.attacks.looks import any_of, crowded
from distillab.attacks.projections import NORMS, Ball, ball_around
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.attacks.rows import Rows
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Flags, Images, Labels, Logits, PerExample
from distillab.losses.margins import is_adversarial
from distillab.specs.attack import AttackSpec, Norm

AscentLoss = Literal["ce", "margin", "dlr"]
"""Cross-entropy; difference of logits; the same over the logits' spread."""

LOSSES: dict[AscentLoss, Callable[[Goal, Logits], PerExample]] = {
    "ce": Goal.cross_entropy,
    "margin": lambda goal, logits: -goal.margin(logits),
    "dlr": lambda goal, logits: -goal.ratio(logits),
}


@dataclass(frozen=True)
class Ascending(Rows):
    """Examples that no point has fooled yet; ``rows`` are their positions in the attacked batch."""

    rows: Int[Tensor, "n"]
    x: Images
    goal: Goal
    ball: Ball
    going: Flags
    """False where a point has settled it, since the last look."""

    @classmethod
    def start(cls, x: Images, goal: Goal, ball: Ball) -> Self:
        """All examples."""
        return cls(
            torch.arange(len(x), device=x.device), x, goal, ball, torch.ones(len(x), dtype=torch.bool, device=x.device)
        )


@dataclass(frozen=True)
class Ascent:
    """How to climb: which loss, how many steps of which length in which norm, and how far beyond the first success."""

    loss: AscentLoss
    norm: Norm
    steps: int
    step_size: float
    beyond: float = 0.0

    def run(self, logits_fn: LogitsFn, batch: Ascending, x_adv: Images, ledger: Ledger) -> Ascending:
        """The examples that one start does not settle; adversarial points go to the ledger.

        An example is settled at its first success, or, with ``beyond``, once the adversarial class wins by as many
        logits; its last adversarial point counts.
        """
        for step in range(1, self.steps + 1):
            x_adv = x_adv.detach().requires_grad_()
            logits = logits_fn(x_adv)
            (gradient,) = torch.autograd.grad(LOSSES[self.loss](batch.goal, logits).sum(), x_adv)
            x_adv = x_adv.detach()
            batch = self._settle(ledger, batch, x_adv, logits.detach(), step)
            if crowded(batch.going, step):
                left = batch.going.nonzero().squeeze(1)
                batch, x_adv, gradient = batch.take(left), x_adv[left], gradient[left]
                if not len(left):
                    return batch
            x_adv = batch.ball.project(x_adv + self.step_size * batch.ball.ascent(gradient))
        with torch.no_grad():
            batch = self._settle(ledger, batch, x_adv, logits_fn(x_adv), self.steps + 1)
        ledger.spend(batch.rows, forwards=self.steps + 1, backwards=self.steps, which=batch.going)
        return batch.take(batch.going.nonzero().squeeze(1))

    def last(self, logits_fn: LogitsFn, goal: Goal, ball: Ball, start: Images) -> tuple[Images, PerExample]:
        """The last point of every example, whatever it does to the network, and the loss there.

        The margin is climbed until the adversarial class wins by ``beyond`` logits.
        """

        def loss(x_adv: Images) -> PerExample:
            values = LOSSES[self.loss](goal, logits_fn(x_adv))
            return values.clamp(max=self.beyond) if self.loss == "margin" else values

        x_adv = steepest_ascent(loss, start, ball, step_size=self.step_size, steps=self.steps)
        with torch.no_grad():
            return x_adv, loss(x_adv)

    def _settle(self, ledger: Ledger, batch: Ascending, x_adv: Images, logits: Logits, forwards: int) -> Ascending:
        """Note the examples that the points fool and are not settled yet; the last point of all costs no gradient."""
        margin = batch.goal.margin(logits)
        found = is_adversarial(margin) & batch.going
        if not any_of(found):
            return batch
        ledger.succeed(batch.rows, x_adv, NORMS[self.norm](x_adv - batch.x), which=found)
        settled = is_adversarial(margin, self.beyond) & batch.going
        ledger.spend(batch.rows, forwards=forwards, backwards=min(forwards, self.steps), which=settled)
        return replace(batch, going=batch.going & ~settled)


def steepest_ascent(
    loss: Callable[[Images], PerExample], start: Images, ball: Ball, *, step_size: float | Tensor, steps: int
) -> Images:
    """The last of ``steps`` steps up the loss from ``start``, each projected on the ball and on [0, 1].

    The last one counts, successful or not, for every example: training learns from it, and what is carried over to
    another network is it.

    Args:
        loss: Differentiable in the images; one value per example.
        start: Where to begin; may lie outside the ball if there is a step to make.
        ball: Where to stay.
        step_size: In the ball's norm; a tensor broadcasts against images.
        steps: Number of gradients taken.

    Reference: Madry et al. 2018, section 2.1.
    """
    x_adv = start
    for _ in range(steps):
        x_adv = x_adv.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(x_adv).sum(), x_adv)
        x_adv = ball.project(x_adv.detach() + step_size * ball.ascent(gradient))
    return x_adv


class AscentSpec(AttackSpec):
    """An attack that climbs a loss within a ball, from one start or several."""

    kind: ClassVar = "fixed_radius"

    @property
    @abstractmethod
    def ascent(self) -> Ascent:
        """How it climbs from a start."""

    @property
    def starts(self) -> int:
        """How often it starts."""
        return 1

    @property
    def passes(self) -> int:
        """One for each point of each start."""
        return self.starts * (self.ascent.steps + 1)

    def start(self, ball: Ball, noise: ExampleNoise, number: int) -> Images:  # noqa: ARG002 - most begin at the image
        """Where a start begins."""
        return ball.x

    def run(
        self, logits_fn: LogitsFn, x: Images, y: Labels, *, noise: ExampleNoise, y_target: Labels | None = None
    ) -> AttackResult:
        """Start again with the examples that are left until none is, or the starts are used up."""
        ledger = Ledger(x)
        left = Ascending.start(x, Goal.of(y, y_target), ball_around(x, self.max_distance, self.norm))
        for number in range(self.starts):
            if len(left.rows):
                x_adv = self.start(left.ball, noise.take(left.rows), number)
                left = self.ascent.run(logits_fn, left, x_adv, ledger)
        return ledger.result()

    def carried(
        self, logits_fn: LogitsFn, x: Images, y: Labels, *, noise: ExampleNoise, y_target: Labels | None = None
    ) -> AttackResult:
        """The last point of every image, of several starts that of the largest loss there."""
        ball, goal = ball_around(x, self.max_distance, self.norm), Goal.of(y, y_target)
        best, largest = x, x.new_full((len(x),), -torch.inf)
        for number in range(self.starts):
            x_adv, loss = self.ascent.last(logits_fn, goal, ball, self.start(ball, noise, number))
            larger = loss > largest
            best, largest = torch.where(larger[:, None, None, None], x_adv, best), torch.where(larger, loss, largest)
        every = torch.ones(len(x), dtype=torch.bool, device=x.device)
        forwards = torch.full((len(x),), self.passes, device=x.device)
        return AttackResult(best, every, NORMS[self.norm](best - x), forwards, forwards - self.starts, ~every)
