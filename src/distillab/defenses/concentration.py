"""Training that concentrates a teacher's outputs, class by class and at every power, about centroids."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn

from distillab.core.bounds import Factor, Held, Power
from distillab.core.generators import generator
from distillab.core.shapes import Labels, Logits, LogProbs
from distillab.core.transfer import sent
from distillab.data.dataset import Batch
from distillab.losses.centroid_flatness import joined_log_centroids, off_diagonal_divergence
from distillab.losses.classes import classes_of
from distillab.losses.conditional_mutual_information import conditional_mutual_information
from distillab.losses.cross_entropy import cross_entropy
from distillab.specs.defense import TrainedDefense
from distillab.training.objective import Objective, Task, Terms

LEAST = 0.01
"""Smallest log-uniform power as a share of the largest: two decades."""


class ConcentrationSpec(TrainedDefense):
    """What every defense of this kind has: a weight, powers, and a soft maximum over them."""

    kind: ClassVar = "concentrated"

    weight: Factor = Field(
        default=0.25,
        ge=0,
        description="lambda, the regularizer's weight; 0.25 is a value of the paper's search grid "
        "{0.1, 0.25, 0.5, 1}, its tables use 0.1 to 0.5 by network",
    )
    beta: Power = Field(default=2.0, gt=0, description="Largest power that is controlled")
    n_powers: Held = Field(default=25, ge=1, description="Number of powers")
    omega: Factor = Field(default=25.0, gt=0, description="Sharpness of the soft maximum over powers, per nat")
    omega_end: Factor | None = Field(
        default=None, gt=0, description="Sharpness in the last epoch, approached geometrically; constant if absent"
    )
    sampling: Literal["epoch_uniform", "grid", "log_uniform"] = Field(
        default="epoch_uniform",
        description="Powers drawn each epoch, uniform in [0, beta] or log-uniform in [beta/100, beta], or a fixed grid",
    )

    def powers(self, seed: int, epoch: int) -> Float[Tensor, "a"]:
        """The powers of an epoch, the same for all classes."""
        if self.sampling == "grid":
            return torch.arange(1, self.n_powers + 1) * (self.beta / self.n_powers)
        drawn = torch.rand(self.n_powers, generator=generator(seed, "powers", epoch))
        return self.beta * (drawn if self.sampling == "epoch_uniform" else LEAST**drawn)

    def omega_at(self, epoch: int, epochs: int) -> float:
        """The sharpness in an epoch."""
        if self.omega_end is None or epochs == 1:
            return self.omega
        return float(self.omega * (self.omega_end / self.omega) ** (epoch / (epochs - 1)))


class Centroids(ABC):
    """Where the centroid of each class comes from: a constant of each training step."""

    def begin_epoch(self, epoch: int, model: nn.Module, powers: Float[Tensor, "a"]) -> None:  # noqa: ARG002
        """Called before each epoch with its powers."""
        self.powers = powers

    def begin_step(self, model: nn.Module) -> None:  # noqa: B027 - most look at nothing but the steps themselves
        """Called before each step."""

    def end_step(self, log_probs: LogProbs, y: Labels) -> None:  # noqa: B027 - as above
        """Called with what the model gave for a batch, after the step's use of the centroids."""

    @abstractmethod
    def counts(self, classes: Int[Tensor, "y"]) -> Int[Tensor, "y"]:
        """How many outputs each class's centroid is the mean of; 0 where it is not good enough to be used."""

    @abstractmethod
    def log_centroids(self, classes: Int[Tensor, "y"]) -> Float[Tensor, "y a k"]:
        """Logs of the centroids at the epoch's powers, finite."""

    def state(self) -> dict[str, Tensor]:
        """What the next epoch needs of the last."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:  # noqa: B027 - the counterpart of an empty state
        """Restore what ``state`` returned."""


class ConcentrationObjective(Objective):
    """``H(y, q) + lambda R``, and ``mu`` times the unevenness of the centroids if ``flatten`` is its weight."""

    def __init__(self, spec: ConcentrationSpec, task: Task, centroids: Centroids, *, flatten: float = 0.0) -> None:
        self.spec = spec
        self.seed, self.epochs = task.seed, task.epochs
        self.centroids = centroids
        self.flatten = flatten

    def begin_epoch(self, epoch: int, model: nn.Module) -> None:
        """Draw powers and let the centroids follow them."""
        self.powers = self.spec.powers(self.seed, epoch)
        self.omega = self.spec.omega_at(epoch, self.epochs)
        self.centroids.begin_epoch(epoch, model, self.powers)

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """Terms ``cross_entropy`` and ``cmi``, and ``flatness`` where that has a weight."""
        self.centroids.begin_step(model)
        logits = model(batch.x)
        terms = {"cross_entropy": cross_entropy(logits, batch.y)} | self._regularizers(logits, batch.y)
        self.centroids.end_step(logits.detach().log_softmax(dim=1), batch.y)
        return terms

    def state(self) -> dict[str, Tensor]:
        """That of the centroids: powers follow from the seed and the epoch."""
        return self.centroids.state()

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore the centroids."""
        self.centroids.load_state(state)

    def _regularizers(self, logits: Logits, y: Labels) -> Terms:
        classes, rows = classes_of(y, logits.shape[1])
        counts, log_q = self.centroids.counts(classes), self.centroids.log_centroids(classes)
        powers = sent(self.powers, logits.device)
        used = (counts > 0)[rows]
        cmi = conditional_mutual_information(logits, rows, log_q, powers, omega=self.omega)
        terms = {"cmi": self.spec.weight * cmi.where(used, 0.0)}
        if self.flatten:
            joined = joined_log_centroids(logits, rows, log_q, counts, powers)
            flatness = off_diagonal_divergence(joined, classes).mean(dim=1)[rows]
            terms["flatness"] = self.flatten * flatness.where(used, 0.0)
        return terms
