"""Argmax: the thief who believes nothing of an answer but the class that it names."""

from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import nn

from distillab.data.dataset import Batch
from distillab.knockoff.teacher import Answers
from distillab.losses.cross_entropy import cross_entropy
from distillab.specs.knockoff import KnockoffSpec
from distillab.training.objective import Objective, Task, Terms


class Argmax(KnockoffSpec):
    """``w H_s(y, q) + (1 - w) H_s(argmax p, q)``, both with label smoothing ``s``.

    No defense that keeps the answer's largest class can mislead it, whatever it does to the other probabilities.

    Reference: Orekondy et al. 2019 (answers cut to their argmax); methods, thieves 2.
    """

    name: Literal["argmax"] = "argmax"
    label: ClassVar[str] = "Argmax"
    paper: ClassVar[str] = "Orekondy et al., CVPR 2019"
    grid: ClassVar[dict[str, tuple[Any, ...]]] = {"label_smoothing": (0.1, 0.0, 0.3), "hard_weight": (0.1, 0.5, 0.9)}

    hard_weight: float = Field(default=0.1, ge=0, le=1, description="Weight of the hard-label term")
    label_smoothing: float = Field(default=0.1, ge=0, lt=1, description="Smoothing of labels and of answers")

    def objective(self, task: Task, answers: Answers) -> Objective:  # noqa: ARG002 - needs nothing of the task
        """Smoothed cross-entropy against the classes that these answers name."""
        return ArgmaxObjective(self, answers)


class ArgmaxObjective(Objective):
    """Cross-entropy against labels and against named classes."""

    def __init__(self, spec: Argmax, answers: Answers) -> None:
        self.spec = spec
        self.answers = answers

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Two terms, ``cross_entropy`` and ``argmax``."""
        logits, named = model(batch.x), self.answers(batch).argmax(dim=1)
        weight, smoothing = self.spec.hard_weight, self.spec.label_smoothing
        return {
            "cross_entropy": weight * cross_entropy(logits, batch.y, label_smoothing=smoothing),
            "argmax": (1 - weight) * cross_entropy(logits, named, label_smoothing=smoothing),
        }
