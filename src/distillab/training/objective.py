"""What a training minimizes: named per-example terms."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor, nn

from distillab.core.shapes import PerExample
from distillab.data.dataset import Batch, ImageSource
from distillab.specs.model import Domain

Terms = dict[str, PerExample]
"""Weighted terms by name; their sum is the loss of each example."""


@dataclass(frozen=True)
class Task:
    """What a method may know when it makes its objective."""

    images: ImageSource
    """All training images, given out on the training device."""
    train: Tensor
    """Positions of the training split in ``images``, int64."""
    domain: Domain
    epochs: int
    seed: int
    """Root of the method's own random streams."""
    network: Callable[[int], nn.Module]
    """A fresh network like the trained one, on the training device, initialized from a seed."""
    needed: Mapping[str, nn.Module] = field(default_factory=dict)
    """Teachers of other defenses that this one starts from: frozen, in eval mode."""

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.domain.classes

    def with_needed(self, needed: Mapping[str, nn.Module]) -> "Task":
        """The same task with these teachers at hand."""
        return replace(self, needed=needed)


class Objective(ABC):
    """A loss with a name for each of its parts, and state of its own if it needs some."""

    @abstractmethod
    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """The weighted per-example terms of one mini-batch; the model is in train mode."""

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:  # noqa: B027 - most objectives need no preparation
        """Called before each epoch, counted from 0."""

    def end_step(self) -> None:  # noqa: B027 - most objectives learn nothing themselves
        """Called after each optimizer step, while gradients of the step are at hand."""

    def diagnostics(self, model: nn.Module) -> dict[str, float]:  # noqa: ARG002 - most have nothing to watch
        """Further numbers for the epoch's record, taken after it; the model is in train mode and left so."""
        return {}

    def positions(self, train: Tensor) -> Tensor:
        """Which of the training images at ``train`` the model learns from; all of them, mostly."""
        return train

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint must keep so that a resumed training equals an uninterrupted one."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:  # noqa: B027 - the counterpart of an empty state
        """Restore what ``state`` returned."""
