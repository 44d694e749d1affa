"""The fast gradient sign method: one step to the edge of the ball."""

from typing import ClassVar, Literal

from pydantic import Field

from distillab.attacks.ascent import Ascending, Ascent, AscentLoss, tried
from distillab.attacks.goal import Goal
from distillab.attacks.projections import ball_around
from distillab.attacks.result import AttackResult, Ledger, LogitsFn
from distillab.core.bounds import PixelLength
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Images, Labels
from distillab.specs.attack import AttackSpec


class FGSM(AttackSpec):
    """x' = clip(x + eps sign grad L(x)); in L2 the gradient over its length instead of its sign.

    Reference: Goodfellow et al. 2015, section 4.
    """

    name: Literal["fgsm"] = "fgsm"
    norm: Literal["linf", "l2"] = Field(default="linf", description="Norm of the ball")
    eps: PixelLength = Field(ge=0, description="Length of the step, in pixel units")
    loss: AscentLoss = Field(default="ce", description="ce: cross-entropy; margin, dlr: logit differences")

    kind: ClassVar = "fixed_radius"
    paper: ClassVar = "Goodfellow et al., ICLR 2015"
    label: ClassVar = "FGSM"

    @property
    def passes(self) -> int:
        """The gradient, and the look at the result."""
        return 2

    @property
    def max_distance(self) -> float:
        """The length of the step."""
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
        """One step from the image."""
        ledger = Ledger(x)
        batch = Ascending.start(x, Goal.of(y, y_target), ball_around(x, self.eps, self.norm))
        Ascent(self.loss, self.norm, 1, self.eps).run(logits_fn, batch, x, ledger)
        return ledger.result()

    def carried(
        self,
        logits_fn: LogitsFn,
        x: Images,
        y: Labels,
        *,
        noise: ExampleNoise,  # noqa: ARG002 - not randomized
        y_target: Labels | None = None,
    ) -> AttackResult:
        """The point that the step leads to."""
        ball, goal = ball_around(x, self.eps, self.norm), Goal.of(y, y_target)
        x_adv, _ = Ascent(self.loss, self.norm, 1, self.eps).last(logits_fn, goal, ball, x)
        return tried(x, x_adv, self.norm, starts=1, steps=1)
