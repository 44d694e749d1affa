"""The black box: an attacker sees answers to queries, a counter, and nothing else of the teacher."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from distillab.core.shapes import Images, LogProbs, Probs
from distillab.core.transfer import sent
from distillab.data.dataset import Batch, ImageSource, batches

if TYPE_CHECKING:
    from distillab.specs.defense import Release

TOGETHER = 500
"""Images per query where a method asks about all of them."""


class Teacher:
    """A released model behind its API; counts what it is asked.

    Exact zeros in the answers are legal and stay zeros.
    """

    def __init__(self, model: nn.Module, release: "Release") -> None:
        self._model = model.eval()
        self._release = release
        self.queries = 0

    @torch.inference_mode()
    def query(self, images: Images) -> Probs:
        """Released class probabilities, float32; rows sum to 1."""
        self.queries += len(images)
        log_probs = torch.log_softmax(self._model(images).float(), dim=1)
        return self._release(log_probs, images).exp()


class Answers(ABC):
    """What a knockoff objective learns from: the released log-probabilities for a mini-batch."""

    @abstractmethod
    def __call__(self, batch: Batch) -> LogProbs:
        """``ln p`` for each image of the batch; ``-inf`` where the answer was exactly zero."""

    def over(self, images: ImageSource, index: Tensor) -> Iterator[tuple[Batch, LogProbs]]:
        """The answers to all unaugmented images at ``index``, in their order, some hundreds at a time."""
        for batch in batches(images, index, batch_size=TOGETHER):
            yield batch, self(batch)


class CachedAnswers(Answers):
    """Each training image was queried once, unaugmented."""

    def __init__(self, probs: Probs) -> None:
        self._log_probs: Tensor = probs.log()

    def __call__(self, batch: Batch) -> LogProbs:
        """The stored answers to the batch's images."""
        return self._log_probs[sent(batch.index, self._log_probs.device)]


class LiveAnswers(Answers):
    """The teacher is queried on the augmented view the student sees."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher

    def __call__(self, batch: Batch) -> LogProbs:
        """Fresh answers to the batch's views."""
        return self._teacher.query(batch.x).log()
