"""DKD: what a teacher says of the label and what it says of the other classes, weighted apart."""

from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import Epochs, Factor, Temperature
from distillab.core.shapes import Labels, Logits, LogProbs, PerExample
from distillab.data.dataset import Batch
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kd_divergence
from distillab.specs.knockoff import KnockoffSpec
from distillab.training.objective import Objective, Task, Terms


class DKD(KnockoffSpec):
    """``w H(y, q_s) + r T^2 (alpha TCKD + beta NCKD)`` with a ramp ``r`` over the first epochs.

    ``KL(p^(1/T), q_s^(1/T)) = TCKD + (1 - t_y) NCKD`` with the softened teacher t: distillation damps what a confident
    teacher says of the classes besides the label, and the two weights undo that. The paper on undistillable teachers
    runs (alpha, beta) = (1, 4) and (2, 8) and reports the better one.
    """

    name: Literal["dkd"] = "dkd"
    label: ClassVar[str] = "DKD"
    paper: ClassVar[str] = "Zhao et al., CVPR 2022"
    in_paper: ClassVar[bool] = True
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {
        "temperature": (1.0, 2.0, 4.0, 8.0),
        "target_weight": (1.0, 2.0),
        "nontarget_weight": (0.5, 2.0, 4.0, 8.0),
    }

    temperature: Temperature = Field(default=4.0, gt=0, description="Softening of both distributions; 4 is power 0.25")
    target_weight: Factor = Field(default=1.0, ge=0, description="Weight of the label's part (alpha)")
    nontarget_weight: Factor = Field(default=4.0, ge=0, description="Weight of the other classes' part (beta)")
    hard_weight: Factor = Field(default=1.0, ge=0, description="Weight of the hard-label term")
    warmup_epochs: Epochs = Field(
        default=20, ge=0, description="Epochs over which the distillation grows; half the training at most"
    )

    def objective(self, task: Task, answers: Answers) -> Objective:
        """The decoupled objective on these answers."""
        return DKDObjective(self, task.epochs, answers)


class DKDObjective(Objective):
    """Hard-label cross-entropy and the two parts of the softened divergence."""

    def __init__(self, spec: DKD, epochs: int, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers
        self.warmup = max(1, min(spec.warmup_epochs, epochs // 2))
        self.ramp = 0.0

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:  # noqa: ARG002 - the student is not prepared
        """Raise the weight of the distillation; the first epoch counts as 1."""
        self.ramp = min((epoch + 1) / self.warmup, 1.0)

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Three terms: ``cross_entropy``, ``target`` and ``nontarget``."""
        logits, answers = model(batch.x), self.answers(batch)
        spec, temperature = self.spec, self.spec.temperature
        target = target_divergence(answers, logits, batch.y, temperature=temperature)
        nontarget = nontarget_divergence(answers, logits, batch.y, temperature=temperature)
        return {
            "cross_entropy": spec.hard_weight * cross_entropy(logits, batch.y),
            "target": self.ramp * spec.target_weight * target,
            "nontarget": self.ramp * spec.nontarget_weight * nontarget,
        }


def target_divergence(
    teacher_log_probs: LogProbs, student_logits: Logits, y: Labels, *, temperature: float
) -> PerExample:
    """``T^2 TCKD``: the divergence of "the label, or another class", both distributions softened.

    Reference: Zhao et al. 2022, equation 5, and T^2; methods section 4.3.
    """
    teacher, student = (_binary(logits, y, temperature) for logits in (teacher_log_probs, student_logits))
    return kd_divergence(teacher, student, temperature=temperature)


def nontarget_divergence(
    teacher_log_probs: LogProbs, student_logits: Logits, y: Labels, *, temperature: float
) -> PerExample:
    """``T^2 NCKD``: the divergence among the classes besides the label, each side renormalized over them.

    Zero where the teacher gives none of them any mass: then there is nothing to renormalize.

    Reference: Zhao et al. 2022, equation 5, and T^2; methods section 4.3.
    """
    teacher, student = _others(teacher_log_probs, y), _others(student_logits, y)
    silent = teacher.isneginf().all(dim=1)
    # a row without a finite entry is NaN in value and gradient, so it must not enter the divergence at all
    teacher = torch.where(silent[:, None], student.detach(), teacher)
    divergence = kd_divergence(teacher, student, temperature=temperature)
    return divergence.masked_fill(silent, 0.0)


def _binary(logits: Logits, y: Labels, temperature: float) -> Float[Tensor, "n 2"]:
    """Logits of "the label, or another class": softened, they give the softened probabilities of both."""
    others = temperature * (_others(logits, y) / temperature).logsumexp(dim=1)
    return torch.stack([logits.gather(1, y[:, None]).squeeze(1), others], dim=1)


def _others(logits: Logits, y: Labels) -> Logits:
    return logits.scatter(1, y[:, None], -torch.inf)
