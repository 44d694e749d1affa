"""What trainings against an adversary share: its strength, its climb, and the network held still meanwhile."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.attacks.projections import Ball
from distillab.core.bounds import Epochs, Fractional, PixelLength, Steps
from distillab.core.generators import generator
from distillab.core.shapes import Images, PerExample
from distillab.data.dataset import Batch
from distillab.specs.defense import TrainedDefense
from distillab.training.objective import Objective


class AdversarialTrainingSpec(TrainedDefense):
    """An adversary in the Linf ball, as strong as PGD with these numbers and without restarts."""

    kind: ClassVar = "adversarial"

    eps: Fractional = Field(default=8 / 255, ge=0, le=1, description="Radius of the Linf ball, in pixel units")
    step_size: PixelLength = Field(default=2 / 255, gt=0, description="Length of a step, in pixel units")
    steps: Steps = Field(
        default=7, ge=1, description="Steps for each training batch; one forward and backward pass each"
    )
    warmup_epochs: Epochs = Field(
        default=0,
        ge=0,
        description="First epochs, in which eps and step_size grow linearly; helps short schedules off the ground",
    )

    @property
    def steps_made(self) -> int:
        """Steps that the adversary makes for each batch."""
        return self.steps

    @property
    def updating_passes(self) -> int:
        """Passes of each batch besides the adversary's steps."""
        return 1

    def passes(self, epochs: int) -> int:
        """One for each step of the adversary, and those of the update."""
        return epochs * (self.steps_made + self.updating_passes)

    def ramp(self, epoch: int) -> float:
        """The share of ``eps`` and of ``step_size`` in an epoch: 1 after the warm-up, never 0."""
        return min(1.0, (epoch + 1) / (self.warmup_epochs + 1))


class AdversarialObjective(Objective):
    """A training that looks for adversarial images of each batch first."""

    def __init__(self, spec: AdversarialTrainingSpec, seed: int) -> None:
        self.spec, self.seed = spec, seed

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:  # noqa: ARG002 - strength depends on time alone
        """Set the adversary's strength, and where the randomness of its starts comes from."""
        self.eps, self.step_size = (self.spec.ramp(epoch) * full for full in (self.spec.eps, self.spec.step_size))
        self.stream = generator(self.seed, "start", epoch)

    @abstractmethod
    def adversarial(self, model: nn.Module, batch: Batch) -> Images:
        """The images that the adversary makes of a batch; the model is left as it was."""


def steepest_ascent(
    loss: Callable[[Images], PerExample], start: Images, ball: Ball, *, step_size: float | Tensor, steps: int
) -> Images:
    """The last of ``steps`` steps up the loss from ``start``, each projected on the ball and on [0, 1].

    The points are those of the attack PGD; training takes the last one, successful or not, for every example.

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
