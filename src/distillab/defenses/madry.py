"""Madry's adversarial training: every update is made on the worst images that an adversary finds near the batch."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from distillab.attacks.ascent import LOSSES, AscentLoss, steepest_ascent
from distillab.attacks.goal import Goal
from distillab.attacks.projections import LinfBall
from distillab.core.shapes import Images
from distillab.core.transfer import sent
from distillab.data.dataset import Batch, batches
from distillab.defenses.adversarial_training import (
    AdversarialObjective,
    AdversarialTrainingSpec,
)
from distillab.losses.cross_entropy import cross_entropy
from distillab.models.modes import frozen
from distillab.training.objective import Objective, Task, Terms

OVERSHOOT = 1.25
"""Length of the single step of ``fast`` over eps; a longer one collapses sooner (Wong, Rice & Kolter 2020)."""

WATCHED = 256
"""Training images on which a collapse is looked for."""


class Madry(AdversarialTrainingSpec):
    """``min_theta E max_{|delta| <= eps} H(y, q(x + delta))``; clean images are not learned from.

    Mode ``fast`` makes one step of 1.25 eps from a random start (Wong, Rice & Kolter, ICLR 2020). It can collapse:
    the network then withstands the single step and nothing else, which ``diagnostics`` looks for. The adversary sees
    the network in evaluation mode, the update in training mode; Madry's release attacks in training mode.

    Reference: Madry et al. 2018, equation 2.1; defaults are its CIFAR-10 column, MNIST takes eps 0.3, step size 0.01
    and 40 steps.
    """

    name: Literal["madry"] = "madry"
    label: ClassVar[str] = "Madry"
    paper: ClassVar[str] = "Madry et al., ICLR 2018"

    mode: Literal["madry", "fast"] = Field(
        default="madry", description="All steps, or a single one of 1.25 eps whatever steps and step_size say"
    )
    random_start: bool = Field(default=True, description="Start from a uniform point of the ball, else from the image")
    loss: AscentLoss = Field(
        default="ce",
        description="What the adversary raises: cross-entropy, difference of logits, or that over the logits' spread",
    )

    @property
    def display_name(self) -> str:
        """Single-step training is not Madry's: it says so."""
        return f"{self.label} fast" if self.mode == "fast" else self.label

    @property
    def steps_made(self) -> int:
        """One in mode ``fast``."""
        return 1 if self.mode == "fast" else self.steps

    def objective(self, task: Task) -> Objective:
        """Cross-entropy of adversarial images."""
        return MadryObjective(self, task)


class MadryObjective(AdversarialObjective):
    """Right labels for adversarial images."""

    spec: Madry

    def __init__(self, spec: Madry, task: Task) -> None:
        super().__init__(spec, task.seed)
        self.images, self.watched = task.images, task.train[:WATCHED]

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """One term, ``cross_entropy``."""
        return {"cross_entropy": cross_entropy(model(self.adversarial(model, batch)), batch.y)}

    def adversarial(self, model: nn.Module, batch: Batch) -> Images:
        """The images that the adversary makes of a batch; the model is left as it was."""
        x, eps, spec = batch.x, self.eps, self.spec
        if spec.random_start or spec.mode == "fast":
            x = x + eps * (2 * sent(torch.rand(x.shape, generator=self.stream), x.device).to(x.dtype) - 1)
        if spec.mode == "fast":
            return self._climb(model, batch, x, eps=eps, step_size=OVERSHOOT * eps, steps=1)
        return self._climb(model, batch, x, eps=eps, step_size=self.step_size, steps=spec.steps)

    def diagnostics(self, model: nn.Module) -> dict[str, float]:
        """Whether single-step training has collapsed: accuracies on some training images, and a verdict of 0 or 1.

        ``fgsm_accuracy`` is under one step of eps, ``pgd_accuracy`` under ten of eps / 4; a network has collapsed
        when it withstands the second attack on less than half as many images as the first.
        """
        if self.spec.mode != "fast":
            return {}
        fgsm = self._accuracy(model, step_size=self.spec.eps, steps=1)
        pgd = self._accuracy(model, step_size=self.spec.eps / 4, steps=10)
        return {"fgsm_accuracy": fgsm, "pgd_accuracy": pgd, "collapsed": float(pgd < fgsm / 2)}

    def _accuracy(self, model: nn.Module, *, step_size: float, steps: int) -> float:
        (batch,) = batches(self.images, self.watched, batch_size=WATCHED)
        x_adv = self._climb(model, batch, batch.x, eps=self.spec.eps, step_size=step_size, steps=steps)
        with frozen(model), torch.no_grad():
            return float((model(x_adv).argmax(dim=1) == batch.y).float().mean())

    def _climb(
        self, model: nn.Module, batch: Batch, start: Images, *, eps: float, step_size: float, steps: int
    ) -> Images:
        ball, goal, loss = LinfBall.around(batch.x, eps), Goal.of(batch.y, None), LOSSES[self.spec.loss]
        with frozen(model):
            return steepest_ascent(
                lambda x: loss(goal, model(x)), ball.project(start), ball, step_size=step_size, steps=steps
            )
