"""What a defense's spec must offer: how a teacher is trained, and what its API releases."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from distillab.specs.base import MethodSpec

if TYPE_CHECKING:
    from distillab.core.shapes import LogProbs
    from distillab.training.objective import Objective, Task


class DefenseSpec(MethodSpec):
    """A protection of a teacher, at training time, after it, or both."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Keys of other defenses whose teachers (same network, same seed) this one starts from."""

    preserves_argmax: ClassVar[bool] = True
    """Whether ``release`` never changes the predicted class."""

    @abstractmethod
    def objective(self, task: "Task") -> "Objective":
        """The training objective of the defended teacher."""

    def release(self, log_probs: "LogProbs") -> "LogProbs":
        """The log-probabilities that the API returns; post-hoc defenses override this."""
        return log_probs
