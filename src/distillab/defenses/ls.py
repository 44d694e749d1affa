"""LS: label smoothing as a defense, the weakest of the training-time protections."""

from typing import ClassVar, Literal

from pydantic import Field

from distillab.specs.defense import TrainedDefense
from distillab.training.objective import Objective, Task
from distillab.training.supervised import CrossEntropyObjective


class LabelSmoothingDefense(TrainedDefense):
    """``(1 - s) H(y, q) + s H(u, q)``: ``s`` is the label smoothing, ``u`` the uniform distribution."""

    name: Literal["ls"] = "ls"
    kind: ClassVar = "smoothed"
    label: ClassVar[str] = "LS"
    paper: ClassVar[str] = "Pereyra et al., ICLR workshop 2017"

    label_smoothing: float = Field(default=0.05, ge=0, lt=1, description="Mass spread uniformly over all classes")

    def objective(self, task: Task) -> Objective:  # noqa: ARG002 - needs nothing of the task
        """Cross-entropy against the smoothed label."""
        return CrossEntropyObjective(self.label_smoothing)
