"""What a defense's spec must offer: how a teacher is trained, and what its API releases."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from pydantic import Field

from distillab.core.bounds import SeedCount
from distillab.specs.base import CHOOSING, MethodSpec
from distillab.specs.train import TrainSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

    from distillab.core.shapes import Images, LogProbs
    from distillab.specs.model import Domain
    from distillab.training.objective import Objective, Task

    Release: TypeAlias = Callable[[LogProbs, Images], LogProbs]
    """From the network's log-probabilities at some images to those that the API returns; deterministic, row by row."""

    State: TypeAlias = Mapping[str, Tensor]
    """What a release needs besides the network's weights, by name."""


DefenseKind = Literal[
    "unprotected",
    "smoothed",
    "nasty",
    "sparse",
    "adversarial_sparse",
    "concentrated",
    "perturbed",
    "adversarial",
    "certified",
    "brought",
    "other",
]
"""What a defense does: nothing; smooth its labels; push answers from those of a twin; leave out answers; learn such
answers from adversarial images; gather answers around class means; perturb what is released; train on the worst images
of a ball; train on a bound of these; be somebody else's network; anything else."""


class DefenseSpec(MethodSpec):
    """A protection of a teacher, at training time, after it, or both."""

    kind: ClassVar[DefenseKind] = "other"
    """Where pages show it."""

    preserves_argmax: ClassVar[bool] = True
    """Whether ``release`` never changes the predicted class."""

    train: TrainSpec | None = Field(default=None, description="The defense's own recipe; the teachers' if absent")
    networks: tuple[str, ...] = Field(
        default=(), description="Teacher networks it is used on; all if empty", json_schema_extra=CHOOSING
    )

    seeds: SeedCount | None = Field(
        default=None,
        ge=1,
        description="Its teachers and their knockoffs have only this many of the run's seeds, the first ones",
        json_schema_extra=CHOOSING,
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of other defenses whose teachers (same network, same seed) this one starts from."""
        return ()

    def protects(self, network: str) -> bool:
        """Whether teachers of this network get the defense."""
        return not self.networks or network in self.networks

    def passes(self, epochs: int) -> int:
        """Forward and backward passes per training image in a whole training; what hours are estimated from."""
        return epochs

    def release(self, state: "State", domain: "Domain") -> "Release":  # noqa: ARG002 - most release what they compute
        """What the API does to the outputs; post-hoc defenses override this."""
        return lambda log_probs, _images: log_probs


class TrainedDefense(DefenseSpec):
    """A protection that the teacher learns."""

    @abstractmethod
    def objective(self, task: "Task") -> "Objective":
        """The training objective of the defended teacher."""


class PostHocDefense(DefenseSpec):
    """A protection of the outputs alone: the weights are those of another row's teacher."""

    kind: ClassVar[DefenseKind] = "perturbed"

    base: str = Field(
        default="ce", description="Whose outputs: key of a defense that is trained, or of a model of `models`"
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """The teacher whose outputs are protected."""
        return (self.base,)

    def passes(self, epochs: int) -> int:  # noqa: ARG002 - nothing is trained
        """None."""
        return 0

    def prepare(self, task: "Task", teacher: "nn.Module") -> "dict[str, Tensor]":  # noqa: ARG002 - most need none
        """The state of ``release``: drawn, or learned from the training images; ``teacher`` is frozen."""
        return {}
