"""CE: a teacher without protection, and the start of every post-hoc defense."""

from typing import ClassVar, Literal

from distillab.specs.defense import TrainedDefense
from distillab.training.objective import Objective, Task
from distillab.training.supervised import CrossEntropyObjective


class CrossEntropyDefense(TrainedDefense):
    """No protection: the loss is ``-ln q[y]``."""

    name: Literal["ce"] = "ce"
    kind: ClassVar = "unprotected"
    label: ClassVar[str] = "CE"
    paper: ClassVar[str] = "baseline"

    def objective(self, task: Task) -> Objective:  # noqa: ARG002 - needs nothing of the task
        """Plain cross-entropy."""
        return CrossEntropyObjective()
