"""What a knockoff attack's spec must offer: how a student learns from answers alone."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from distillab.specs.augment import AugmentSpec
from distillab.specs.base import MethodSpec
from distillab.specs.train import TrainSpec

if TYPE_CHECKING:
    from distillab.knockoff.teacher import Answers
    from distillab.training.objective import Objective, Task


class KnockoffSpec(MethodSpec):
    """A distillation attack on a released teacher."""

    in_paper: ClassVar[bool] = False
    """Whether it is one of the seven attacks of the paper on undistillable teachers."""

    reads_labels: ClassVar[bool] = True
    """Whether it reads labels; an image without one then has the class that its answer names, which is bought."""

    grid: ClassVar[dict[str, tuple[Any, ...]]] = {}
    """Values that an attacker would try on validation images, by field; the first ones are tried first."""

    responses: Literal["cached", "live"] = Field(
        default="cached",
        description="Query each training image once, unaugmented, or query the view the student sees",
    )
    train: TrainSpec | None = Field(default=None, description="The attack's own recipe; the students' if absent")

    augment: AugmentSpec | None = Field(
        default=None, description="The attack's own augmentation; the data set's if absent"
    )

    def queries(self, images: int, views: int) -> int:
        """How many answers the attack takes of ``images`` that it learns from: each once, or each of their views.

        Args:
            images: Different images.
            views: Images that the whole training goes through, each counted as often as it is seen.
        """
        return images if self.responses == "cached" else views

    @abstractmethod
    def objective(self, task: "Task", answers: "Answers") -> "Objective":
        """The student's objective; it sees the teacher's answers and nothing else of it."""
