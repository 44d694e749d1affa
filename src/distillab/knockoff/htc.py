"""HTC: strongly softened answers, in which a little of the label outweighs misleading peaks."""

from typing import Any, ClassVar, Literal

import torch.nn.functional as F
from pydantic import Field
from torch import nn

from distillab.core.bounds import Temperature
from distillab.core.shapes import Labels, LogProbs, Probs
from distillab.data.dataset import Batch
from distillab.knockoff.kd import soft_target_divergence
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.divergence import kd_divergence
from distillab.losses.power import power_transform
from distillab.specs.knockoff import KnockoffSpec
from distillab.training.objective import Objective, Task, Terms


class HTC(KnockoffSpec):
    """``T^2 KL((1 - lambda) p^(1/T) + lambda e_y, q_s^(1/T))`` at a high temperature; a reconstruction.

    Known are T = 20 and lambda = 0.01 from the paper on undistillable teachers, not the formula. With a hundred
    classes this lambda about doubles the label's mass, which gives the value a meaning; the alternatives read it as
    the weight of one of two terms.

    Reference: Jandial et al. 2022; methods section 4.5.
    """

    name: Literal["htc"] = "htc"
    label: ClassVar[str] = "HTC"
    paper: ClassVar[str] = "Jandial et al., ECCV 2022"
    grade: ClassVar[str] = "R"
    in_paper: ClassVar[bool] = True
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {
        "temperature": (20.0, 10.0, 50.0),
        "label_weight": (0.01, 0.05, 0.1, 0.5),
        "form": ("compose", "tradeoff_kl", "tradeoff_ce"),
    }

    temperature: Temperature = Field(
        default=20.0, gt=0, description="Softening of both distributions; 20 is power 0.05"
    )
    label_weight: float = Field(default=0.01, ge=0, le=1, description="lambda: what the form makes of it")
    form: Literal["compose", "tradeoff_ce", "tradeoff_kl"] = Field(
        default="compose",
        description="compose: lambda is the label's share of the target; "
        "tradeoff_ce: (1 - lambda) cross-entropy + lambda divergence; tradeoff_kl: the reverse",
    )

    def objective(self, task: Task, answers: Answers) -> Objective:  # noqa: ARG002 - needs nothing of the task
        """The chosen form on these answers."""
        return HTCObjective(self, answers)


class HTCObjective(Objective):
    """The divergence from answers composed with the label, or a trade-off of label and answers."""

    def __init__(self, spec: HTC, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """One term, ``htc``, or two for a trade-off, ``cross_entropy`` and ``htc``."""
        logits, answers = model(batch.x), self.answers(batch)
        share, temperature = self.spec.label_weight, self.spec.temperature
        if self.spec.form == "compose":
            log_target = composed(answers, batch.y, temperature=temperature, label_weight=share).log()
            return {"htc": soft_target_divergence(log_target, logits, temperature=temperature)}
        of_label = share if self.spec.form == "tradeoff_kl" else 1 - share
        return {
            "cross_entropy": of_label * cross_entropy(logits, batch.y),
            "htc": (1 - of_label) * kd_divergence(answers, logits, temperature=temperature),
        }


def composed(log_probs: LogProbs, y: Labels, *, temperature: float, label_weight: float) -> Probs:
    """``(1 - lambda) p^(1/T) + lambda e_y``, on the simplex.

    Args:
        log_probs: Logs of the answers p.
        y: Labels.
        temperature: T > 0.
        label_weight: lambda in [0, 1].
    """
    softened = power_transform(log_probs, 1 / temperature)
    return (1 - label_weight) * softened + label_weight * F.one_hot(y, log_probs.shape[1])
