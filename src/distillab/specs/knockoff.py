"""What a knockoff attack's spec must offer: how a student learns from answers alone."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from distillab.specs.base import MethodSpec

if TYPE_CHECKING:
    from distillab.knockoff.teacher import Answers
    from distillab.training.objective import Objective, Task


class KnockoffSpec(MethodSpec):
    """A distillation attack on a released teacher."""

    responses: Literal["cached", "live"] = Field(
        default="cached",
        description="Query each training image once, unaugmented, or query the view the student sees",
    )

    @abstractmethod
    def objective(self, task: "Task", answers: "Answers") -> "Objective":
        """The student's objective; it sees the teacher's answers and nothing else of it."""
