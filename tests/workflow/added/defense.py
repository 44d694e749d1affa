"""CP: confidence penalty, cross-entropy minus a share of the output entropy."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from distillab.data.dataset import Batch
from distillab.losses.cross_entropy import cross_entropy
from distillab.specs.defense import TrainedDefense
from distillab.training.objective import Objective, Task, Terms


class ConfidencePenalty(TrainedDefense):
    """``H(y, q) - weight H(q)``."""

    name: Literal["cp"] = "cp"
    label: ClassVar[str] = "CP"
    paper: ClassVar[str] = "Pereyra et al., ICLR workshop 2017"

    weight: float = Field(default=0.1, ge=0, description="Weight of the output entropy")

    def objective(self, task: Task) -> Objective:  # noqa: ARG002
        """Cross-entropy with the penalty."""
        return ConfidencePenaltyObjective(self.weight)


class ConfidencePenaltyObjective(Objective):
    """The two terms of the loss."""

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Terms ``cross_entropy`` and ``confidence``."""
        logits = model(batch.x)
        log_probs = logits.log_softmax(1)
        negative_entropy = (log_probs.exp() * log_probs).sum(1)
        return {"cross_entropy": cross_entropy(logits, batch.y), "confidence": self.weight * negative_entropy}
