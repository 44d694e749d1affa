"""KD: Hinton's distillation, as an attack on a released teacher."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from distillab.data.dataset import Batch
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kd_divergence
from distillab.specs.knockoff import KnockoffSpec
from distillab.training.objective import Objective, Task, Terms


class KD(KnockoffSpec):
    """``w H(y, q_s) + (1 - w) T^2 KL(p^(1/T), q_s^(1/T))`` with hard weight ``w`` and temperature ``T``."""

    name: Literal["kd"] = "kd"
    label: ClassVar[str] = "KD"
    paper: ClassVar[str] = "Hinton, Vinyals & Dean, 2015"

    temperature: float = Field(default=4.0, gt=0, description="Softening of both distributions; 4 is power 0.25")
    hard_weight: float = Field(default=0.1, ge=0, le=1, description="Weight of the hard-label term")

    def objective(self, task: Task, answers: Answers) -> Objective:  # noqa: ARG002 - needs nothing of the task
        """The distillation objective on these answers."""
        return KDObjective(self, answers)


class KDObjective(Objective):
    """Hard-label cross-entropy mixed with the softened divergence from the answers."""

    def __init__(self, spec: KD, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Two terms, ``cross_entropy`` and ``kd``."""
        logits = model(batch.x)
        weight, temperature = self.spec.hard_weight, self.spec.temperature
        return {
            "cross_entropy": weight * cross_entropy(logits, batch.y),
            "kd": (1 - weight) * kd_divergence(self.answers(batch), logits, temperature=temperature),
        }
