"""Projected gradient descent: steepest ascent of a loss within a ball, from random starts."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from distillab.attacks.ascent import Ascent, AscentLoss, AscentSpec
from distillab.attacks.projections import Ball
from distillab.core.bounds import Factor, PixelLength, Restarts, Steps
from distillab.core.generators import ExampleNoise
from distillab.core.shapes import Images


class PGD(AscentSpec):
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

    randomized: ClassVar = True
    paper: ClassVar = "Madry et al., ICLR 2018"
    label: ClassVar = "PGD"

    @property
    def max_distance(self) -> float:
        """The radius."""
        return self.eps

    @property
    def ascent(self) -> Ascent:
        """The steps of one restart."""
        return Ascent(self.loss, self.norm, self.steps, self.step_size, self.beyond)

    @property
    def starts(self) -> int:
        """The restarts."""
        return self.restarts

    def start(self, ball: Ball, noise: ExampleNoise, number: int) -> Images:
        """A uniform point of the ball, or the image."""
        return ball.sample(noise, number) if self.random_start else ball.x

    @model_validator(mode="after")
    def _restarts_differ(self) -> Self:
        if self.restarts > 1 and not self.random_start:
            raise ValueError("several restarts from the same point repeat one another: set random_start or restarts: 1")
        return self
