"""What trainings against an adversary share: its strength, its climb, and the network held still meanwhile."""

from abc import abstractmethod
from typing import ClassVar

from pydantic import Field
from torch import nn

from distillab.core.bounds import Epochs, Fractional, PixelLength, Steps
from distillab.core.generators import generator
from distillab.core.shapes import Images
from distillab.data.dataset import Batch
from distillab.specs.defense import TrainedDefense
from distillab.training.objective import Objective


class AdversarialTrainingSpec(TrainedDefense):
    """An adversary in the Linf ball, as strong as PGD with these numbers and without restarts."""

    kind: ClassVar = "adversarial"

    eps: Fractional = Field(default=8 / 255, ge=0, le=1, description="Radius of the Linf ball, in pixel units")
    step_size: PixelLength = Field(default=2 / 255, gt=0, description="Length of a step, in pixel units")
    steps: Steps = Field(
        default=7, ge=1, description="Steps for each training batch; one forward and backward pass each"
    )
    warmup_epochs: Epochs = Field(
        default=0,
        ge=0,
        description="First epochs, in which eps and step_size grow linearly; helps short schedules off the ground",
    )

    @property
    def steps_made(self) -> int:
        """Steps that the adversary makes for each batch."""
        return self.steps

    @property
    def updating_passes(self) -> int:
        """Passes of each batch besides the adversary's steps."""
        return 1

    def passes(self, epochs: int) -> int:
        """One for each step of the adversary, and those of the update."""
        return epochs * (self.steps_made + self.updating_passes)

    def ramp(self, epoch: int) -> float:
        """The share of ``eps`` and of ``step_size`` in an epoch: 1 after the warm-up, never 0."""
        return min(1.0, (epoch + 1) / (self.warmup_epochs + 1))


class AdversarialObjective(Objective):
    """A training that looks for adversarial images of each batch first."""

    def __init__(self, spec: AdversarialTrainingSpec, seed: int) -> None:
        self.spec, self.seed = spec, seed

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:  # noqa: ARG002 - strength depends on time alone
        """Set the adversary's strength, and where the randomness of its starts comes from."""
        self.eps, self.step_size = (self.spec.ramp(epoch) * full for full in (self.spec.eps, self.spec.step_size))
        self.stream = generator(self.seed, "start", epoch)

    @abstractmethod
    def adversarial(self, model: nn.Module, batch: Batch) -> Images:
        """The images that the adversary makes of a batch; the model is left as it was."""
