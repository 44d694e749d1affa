"""TRADES: right labels for clean images, and outputs that an adversary cannot move far."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from distillab.attacks.ascent import steepest_ascent
from distillab.attacks.projections import LinfBall
from distillab.core.bounds import Factor, Fractional, PixelLength, Steps
from distillab.core.shapes import Images
from distillab.core.transfer import sent
from distillab.data.dataset import Batch
from distillab.defenses.adversarial_training import (
    AdversarialObjective,
    AdversarialTrainingSpec,
)
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kl_from_logits
from distillab.models.modes import frozen
from distillab.training.objective import Objective, Task, Terms

NOISE = 0.001
"""Standard deviation of the start: at the image itself the divergence's gradient is exactly zero."""


class Trades(AdversarialTrainingSpec):
    """``H(y, P(x)) + beta max_{|x' - x| <= eps} KL(P(x), P(x'))``, ``beta = 1 / lambda``.

    A larger beta, so a smaller lambda, buys robustness with accuracy. The gradient flows through P(x) and P(x'). The
    release passes the clean batch a second time for the divergence, which changes dropout masks and running
    statistics; here one pass serves both unless ``reference_forward`` is set.

    Reference: Zhang et al. 2019, equation 5 and algorithm 1; defaults are the release's for CIFAR-10, MNIST takes eps
    0.3, step size 0.01 and 40 steps. Its eps 0.031 is not 8/255.
    """

    name: Literal["trades"] = "trades"
    label: ClassVar[str] = "TRADES"
    paper: ClassVar[str] = "Zhang et al., ICML 2019"

    eps: Fractional = Field(default=0.031, ge=0, le=1, description="Radius of the Linf ball, in pixel units")
    step_size: PixelLength = Field(default=0.007, gt=0, description="Length of a step, in pixel units")
    steps: Steps = Field(
        default=10, ge=1, description="Steps for each training batch; one forward and backward pass each"
    )
    beta: Factor = Field(default=6.0, ge=0, description="Weight of the divergence, 1 / lambda; larger is more robust")
    reference_forward: bool = Field(
        default=False, description="Pass the clean batch twice, once for each term, as the release does"
    )

    @property
    def updating_passes(self) -> int:
        """The clean batch and the adversarial one."""
        return 3 if self.reference_forward else 2

    def objective(self, task: Task) -> Objective:
        """Cross-entropy of clean images and the divergence to adversarial ones."""
        return TradesObjective(self, task.seed)


class TradesObjective(AdversarialObjective):
    """Right labels, and the same outputs nearby."""

    spec: Trades

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Two terms, ``cross_entropy`` and ``kl``; the first alone where the second has no weight."""
        if not self.spec.beta:
            return {"cross_entropy": cross_entropy(model(batch.x), batch.y)}
        x_adv = self.adversarial(model, batch)
        logits = model(batch.x)
        logits_adv = model(x_adv)
        compared = model(batch.x) if self.spec.reference_forward else logits
        divergence = kl_from_logits(compared, logits_adv)
        return {"cross_entropy": cross_entropy(logits, batch.y), "kl": self.spec.beta * divergence}

    def adversarial(self, model: nn.Module, batch: Batch) -> Images:
        """Images in the ball whose outputs are far from those of the batch; the model is left as it was."""
        x, ball = batch.x, LinfBall.around(batch.x, self.eps)
        start = x + NOISE * sent(torch.randn(x.shape, generator=self.stream), x.device).to(x.dtype)
        with frozen(model):
            with torch.no_grad():
                clean = model(x)
            return steepest_ascent(
                lambda x_adv: kl_from_logits(clean, model(x_adv)),
                start,
                ball,
                step_size=self.step_size,
                steps=self.spec.steps,
            )
