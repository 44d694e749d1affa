"""DIST: the student copies how answers rise and fall together, not their values."""

from typing import Any, ClassVar, Literal

import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import Factor, Temperature
from distillab.core.shapes import PerExample, Probs
from distillab.data.dataset import Batch
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.power import power_transform
from distillab.specs.knockoff import KnockoffSpec
from distillab.training.objective import Objective, Task, Terms

EPS = 1e-8
"""Added to a correlation's denominator: what does not vary correlates with nothing."""


class DIST(KnockoffSpec):
    """``w H(y, q_s) + beta T^2 inter + gamma T^2 intra``, both one minus a mean Pearson correlation.

    ``inter`` correlates the classes of each image, ``intra`` the images of each class in the mini-batch.
    """

    name: Literal["dist"] = "dist"
    label: ClassVar[str] = "DIST"
    paper: ClassVar[str] = "Huang et al., NeurIPS 2022"
    in_paper: ClassVar[bool] = True
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {
        "temperature": (1.0, 2.0, 4.0),
        "inter_weight": (0.5, 1.0, 2.0),
        "intra_weight": (0.5, 1.0, 2.0),
    }

    temperature: Temperature = Field(default=1.0, gt=0, description="Softening of both distributions (tau)")
    inter_weight: Factor = Field(default=1.0, ge=0, description="Weight of the correlation over classes (beta)")
    intra_weight: Factor = Field(default=1.0, ge=0, description="Weight of the correlation over images (gamma)")
    hard_weight: Factor = Field(default=1.0, ge=0, description="Weight of the hard-label term")

    def objective(self, task: Task, answers: Answers) -> Objective:  # noqa: ARG002 - needs nothing of the task
        """The correlation objective on these answers."""
        return DISTObjective(self, answers)


class DISTObjective(Objective):
    """Hard-label cross-entropy and the two losses of correlation."""

    def __init__(self, spec: DIST, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Three terms: ``cross_entropy``, ``inter``, and ``intra``, which every example shares."""
        logits = model(batch.x)
        temperature = self.spec.temperature
        student = F.softmax(logits / temperature, dim=1)
        teacher = power_transform(self.answers(batch), 1 / temperature)
        inter = self.spec.inter_weight * temperature**2 * inter_loss(student, teacher)
        intra = self.spec.intra_weight * temperature**2 * intra_loss(student, teacher)
        return {
            "cross_entropy": self.spec.hard_weight * cross_entropy(logits, batch.y),
            "inter": inter,
            "intra": intra.expand_as(inter),
        }


def inter_loss(student: Probs, teacher: Probs) -> PerExample:
    """One minus the Pearson correlation of each image's two outputs over the classes, in [0, 2].

    Reference: Huang et al. 2022, equation 7; methods section 4.4.
    """
    return 1 - _correlation(student, teacher)


def intra_loss(student: Probs, teacher: Probs) -> Float[Tensor, ""]:
    """One minus the mean over classes of the correlation over the images, in [0, 2]; 1 for a single image.

    Reference: Huang et al. 2022, equation 9; methods section 4.4.
    """
    return 1 - _correlation(student.T, teacher.T).mean()


def _correlation(a: Float[Tensor, "rows columns"], b: Float[Tensor, "rows columns"]) -> Float[Tensor, " rows"]:
    a, b = a - a.mean(dim=1, keepdim=True), b - b.mean(dim=1, keepdim=True)
    norms: Tensor = a.norm(dim=1) * b.norm(dim=1)
    return (a * b).sum(dim=1) / (norms + EPS)
