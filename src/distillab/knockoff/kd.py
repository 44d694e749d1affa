"""KD: Hinton's distillation, as an attack on a released teacher."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from distillab.core.bounds import Temperature
from distillab.core.shapes import Logits, LogProbs, PerExample
from distillab.data.dataset import Batch
from distillab.knockoff.softened import SoftenedKnockoff
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kd_divergence
from distillab.losses.power import log_power_transform
from distillab.training.objective import Objective, Task, Terms


class KD(SoftenedKnockoff):
    """``w H(y, q_s) + (1 - w) T^2 KL(p^(1/T), q_s^(1/T))`` with hard weight ``w`` and temperature ``T``.

    With a temperature ``S`` of the student's own the second term is ``S^2 KL(p^(1/T), q_s^(1/S))``; ``S = 1`` is
    transformed teacher matching (Zheng & Yang 2024), whose gradient ``q_s - p^(1/T)`` needs no rescaling.
    """

    name: Literal["kd"] = "kd"
    label: ClassVar[str] = "KD"
    paper: ClassVar[str] = "Hinton, Vinyals & Dean, 2015"
    in_paper: ClassVar[bool] = True

    student_temperature: Temperature | None = Field(
        default=None, gt=0, description="Softening of the student instead; 1 is transformed teacher matching"
    )

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
        weight = self.spec.hard_weight
        return {
            "cross_entropy": weight * cross_entropy(logits, batch.y),
            "kd": (1 - weight) * self._divergence(self.answers(batch), logits),
        }

    def _divergence(self, answers: LogProbs, logits: Logits) -> PerExample:
        temperature, of_student = self.spec.temperature, self.spec.student_temperature
        if of_student is None:
            return kd_divergence(answers, logits, temperature=temperature)
        return soft_target_divergence(log_power_transform(answers, 1 / temperature), logits, temperature=of_student)


def soft_target_divergence(log_target: LogProbs, student_logits: Logits, *, temperature: float) -> PerExample:
    """``T^2 KL(t, q_s^(1/T))``: `kd_divergence` where the target t is compared as it is, softened or made otherwise.

    Args:
        log_target: Logs of a distribution, ``-inf`` for exact zeros; it may carry a gradient where it is positive.
        student_logits: Unsoftened logits of the student.
        temperature: T > 0.
    """
    # The power 1/T undoes the factor T, so that the rescaling by T^2 has one place in the project.
    return kd_divergence(temperature * log_target, student_logits, temperature=temperature)
