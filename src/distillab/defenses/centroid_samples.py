"""Faithful centroids: forward passes over training images drawn for the purpose, class by class."""

from itertools import cycle, islice
from math import log

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from distillab.core.generators import generator
from distillab.core.shapes import LogProbs
from distillab.core.transfer import sent
from distillab.data.dataset import batches
from distillab.defenses.concentration import Centroids
from distillab.losses.conditional_mutual_information import log_centroids
from distillab.models.modes import evaluating
from distillab.training.objective import Task

TOGETHER = 500
"""Images per forward pass."""


class CentroidSamples(Centroids):
    """Every step overwrites the centroids of some classes, in turn; an epoch begins with those of all.

    Images are drawn without replacement from the training split and seen without augmentation, by the model in eval
    mode: batches of few classes would spoil running statistics, and these are the outputs that the API releases for
    training images. The paper says neither how many images it draws, nor from which classes, nor in which mode; its
    reported cost allows for 41 to 61 further images a step.

    Reference: CMIM paper, algorithm 1 and eq. 29; methods sections 1.4, 1.7 and 1.11 (A2, A9).
    """

    def __init__(self, task: Task, *, n_powers: int, per_class: int, per_step: int, refresh_every: int) -> None:
        labels = task.images.y.cpu()[task.train]
        sizes = labels.bincount(minlength=task.classes)
        self.members: tuple[Tensor, ...] = task.train[labels.argsort(stable=True)].split(sizes.tolist())
        self.known = sizes.nonzero().squeeze(1)
        self.images, self.seed = task.images, task.seed
        self.per_class, self.per_step, self.refresh_every = per_class, min(per_step, len(self.known)), refresh_every
        self.log_q = torch.full((task.classes, n_powers, task.classes), -log(task.classes))

    def begin_epoch(self, epoch: int, model: nn.Module, powers: Float[Tensor, "a"]) -> None:
        """Shuffle the turns, and estimate all centroids anew where that is due: powers have changed."""
        super().begin_epoch(epoch, model, powers)
        self.stream = generator(self.seed, "centroids", epoch)
        self.turns = cycle(self.known[torch.randperm(len(self.known), generator=self.stream)].tolist())
        if self.refresh_every and epoch % self.refresh_every == 0:
            self._estimate(model, self.known.tolist())

    def begin_step(self, model: nn.Module) -> None:
        """Estimate the centroids of the classes whose turn it is."""
        if self.per_step:
            self._estimate(model, list(islice(self.turns, self.per_step)))

    def counts(self, classes: Int[Tensor, "y"]) -> Int[Tensor, "y"]:
        """The number of images drawn."""
        return torch.full_like(classes, self.per_class)

    def log_centroids(self, classes: Int[Tensor, "y"]) -> Float[Tensor, "y a k"]:
        """The latest estimates; uniform before the first."""
        self.log_q = self.log_q.to(classes.device)
        return self.log_q[classes]

    def state(self) -> dict[str, Tensor]:
        """The estimates."""
        return {"log_q": self.log_q}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore the estimates."""
        self.log_q.copy_(state["log_q"])

    def _estimate(self, model: nn.Module, classes: list[int]) -> None:
        positions = torch.cat([self._drawn(label) for label in classes])
        log_probs = self._outputs(model, positions).unflatten(0, (len(classes), self.per_class))
        device = log_probs.device
        self.log_q = self.log_q.to(device)
        self.log_q[sent(torch.tensor(classes), device)] = log_centroids(log_probs, sent(self.powers, device))

    def _drawn(self, label: int) -> Int[Tensor, "m"]:
        """Positions of images of a class; a class with fewer than are drawn gives its images again."""
        shuffled = torch.randperm(len(self.members[label]), generator=self.stream)
        return self.members[label][shuffled[torch.arange(self.per_class) % len(shuffled)]]

    def _outputs(self, model: nn.Module, positions: Int[Tensor, "n"]) -> LogProbs:
        views = batches(self.images, positions, batch_size=TOGETHER)
        with evaluating(model), torch.no_grad():
            return torch.cat([model(batch.x).log_softmax(dim=1) for batch in views])
