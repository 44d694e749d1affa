"""AVG: the Averager student, which learns one soft label per class and no image's own."""

from collections.abc import Iterable
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from distillab.core.shapes import Labels, LogProbs, Probs
from distillab.data.dataset import Batch
from distillab.knockoff.kd import soft_target_divergence
from distillab.knockoff.softened import SoftenedKnockoff
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.losses.power import power_transform
from distillab.training.objective import Objective, Task, Terms


class AVG(SoftenedKnockoff):
    """``w H(y, q_s) + (1 - w) T^2 KL(m_y, q_s^(1/T))``; ``m_y`` is the mean of ``p^(1/T)`` over class ``y``.

    Distillation from a teacher whose classes are single points: it uses what their centroids tell and nothing else.
    """

    name: Literal["avg"] = "avg"
    label: ClassVar[str] = "AVG"
    paper: ClassVar[str] = "Keser & Toreyin, ICLR Tiny Papers 2023"
    grade: ClassVar[str] = "P"
    in_paper: ClassVar[bool] = True

    means: Literal["dataset", "batch"] = Field(
        default="dataset", description="Average over all training images, unaugmented, or over each mini-batch"
    )

    def queries(self, images: int, views: int) -> int:
        """One survey of all images; with means over mini-batches, one answer per view."""
        return images if self.means == "dataset" else super().queries(images, views)

    def objective(self, task: Task, answers: Answers) -> Objective:
        """The objective; with means over the data set, after one pass over the answers."""
        return AVGObjective(self, task, answers)


class AVGObjective(Objective):
    """Hard-label cross-entropy mixed with the divergence from the class's mean answer."""

    def __init__(self, spec: AVG, task: Task, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers
        self.classes = task.classes
        self.log_means: LogProbs | None = None
        if spec.means == "dataset":
            pairs = ((batch.y, self._softened(log_probs)) for batch, log_probs in answers.over(task.images, task.train))
            self.log_means = class_means(pairs, task.classes).log()

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Two terms, ``cross_entropy`` and ``avg``."""
        logits = model(batch.x)
        weight = self.spec.hard_weight
        divergence = soft_target_divergence(self._targets(batch), logits, temperature=self.spec.temperature)
        return {"cross_entropy": weight * cross_entropy(logits, batch.y), "avg": (1 - weight) * divergence}

    def _targets(self, batch: Batch) -> LogProbs:
        if self.log_means is not None:
            return self.log_means[batch.y]
        return class_means([(batch.y, self._softened(self.answers(batch)))], self.classes).log()[batch.y]

    def _softened(self, log_probs: LogProbs) -> Probs:
        return power_transform(log_probs, 1 / self.spec.temperature)


def class_means(pairs: Iterable[tuple[Labels, Probs]], classes: int) -> Float[Tensor, "k k"]:
    """Row y is the mean distribution of the images labelled y, in float32; a class without images has zeros.

    Args:
        pairs: Labels and distributions, batch by batch.
        classes: k.

    Reference: methods section 4.6, the mean of powers rather than the power of the mean.
    """
    sums, counts = torch.zeros(()), torch.zeros(())
    for y, probs in pairs:
        # A product with one-hot rows, unlike a scattered sum, adds in the same order on every run on a GPU.
        rows = F.one_hot(y, classes).to(torch.float64)
        sums, counts = sums.to(y.device) + rows.T @ probs.double(), counts.to(y.device) + rows.sum(0)
    return (sums / counts[:, None].clamp(min=1)).float()
