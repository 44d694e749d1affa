"""Fast centroids: a memory of what training computes anyway, without any further forward pass."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distillab.core.shapes import Labels, LogProbs
from distillab.core.transfer import sent
from distillab.defenses.concentration import Centroids
from distillab.losses.classes import counted
from distillab.losses.conditional_mutual_information import log_centroids

ENOUGH = 4
"""Outputs that a centroid needs before it is used: the mean of fewer is too far from the class's."""


class CentroidBank(Centroids):
    """The last outputs of each class in ring buffers of log-probabilities; a batch enters after it was used.

    Held-out outputs overestimate the conditional mutual information by a factor of about 1 + 1/size, where the batch's
    own would make it vanish: few classes have two examples in a batch. Log-probabilities are kept as they are, not
    transformed, so that centroids follow the powers of every epoch. Entries are those of training: augmented views, in
    train mode.

    Reference: methods sections 1.8 and 1.9.
    """

    def __init__(self, classes: int, size: int) -> None:
        self.log_probs = torch.zeros(classes, size, classes)
        self.pushed = torch.zeros(classes, dtype=torch.int64)

    @property
    def size(self) -> int:
        """Outputs kept of each class."""
        return self.log_probs.shape[1]

    def counts(self, classes: Int[Tensor, "y"]) -> Int[Tensor, "y"]:
        """Filled slots; 0 below `ENOUGH`, or below the size if that is smaller."""
        filled = self._on(classes.device).pushed[classes].clamp(max=self.size)
        return filled.where(filled >= min(ENOUGH, self.size), 0)

    def log_centroids(self, classes: Int[Tensor, "y"]) -> Float[Tensor, "y a k"]:
        """Logs of the means of the kept outputs."""
        kept, filled = self._on(classes.device).log_probs[classes], self.pushed[classes].clamp(max=self.size)
        return log_centroids(kept, sent(self.powers, classes.device), filled)

    def end_step(self, log_probs: LogProbs, y: Labels) -> None:
        """Overwrite the oldest outputs of each class."""
        self._on(y.device)
        if len(y):
            slots, kept = self.written(log_probs, y)
            self.log_probs[y, slots] = kept.to(self.log_probs)
            self.pushed += counted(y, len(self.pushed))

    def written(self, log_probs: LogProbs, y: Labels) -> tuple[Int[Tensor, "n"], LogProbs]:
        """The slot that each output of a batch goes to, and what is written there.

        Of more outputs than slots the last ones stay: all that share a slot write what the last of them has, as which
        one is written last is chance on a GPU.
        """
        alike = y[:, None] == y
        slots = (self.pushed[y] + alike.tril(-1).sum(dim=1)) % self.size
        shared = alike & (slots[:, None] == slots)
        last = (shared * torch.arange(len(y), device=y.device)).amax(dim=1)
        return slots, log_probs[last]

    def state(self) -> dict[str, Tensor]:
        """The buffers and how often each was written."""
        return {"log_probs": self.log_probs, "pushed": self.pushed}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore buffers and pointers."""
        self.log_probs.copy_(state["log_probs"])
        self.pushed.copy_(state["pushed"])

    def _on(self, device: torch.device) -> "CentroidBank":
        self.log_probs, self.pushed = self.log_probs.to(device), self.pushed.to(device)
        return self
