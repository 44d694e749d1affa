"""Defensive distillation: each step learns the soft labels of the step before it, all at one temperature.

Step 0 is a teacher trained on hard labels, step 1 the defensively distilled network of Papernot et al. (an assistant
for Mandal and Guo), step 2 the student. Nothing else is mixed in: no hard labels after step 0, no factor T^2, no
augmentation. Networks trained at T are used at T = 1.
"""

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distillab.core.shapes import Probs
from distillab.data.dataset import Batch, ImageSource, batches
from distillab.losses.cross_entropy import cross_entropy, soft_cross_entropy
from distillab.training.objective import Objective, Terms

BATCH = 500
"""Images per forward pass."""


class TeacherObjective(Objective):
    """Step 0: ``-ln softmax(Z / T)[y]``.

    Reference: Papernot et al. 2016, section IV-B; Mandal & Guo, equations 7 and 8.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """One term, ``cross_entropy``."""
        return {"cross_entropy": cross_entropy(model(batch.x), batch.y, temperature=self.temperature)}


class StudentObjective(Objective):
    """Step s > 0: ``-sum_i Q_i ln softmax(Z / T)_i`` with the soft labels ``Q`` of the step before.

    Its gradient in the logits is ``(softmax(Z / T) - Q) / T``.

    Reference: Mandal & Guo, equation 9, minimized over the student's parameters.
    """

    def __init__(self, soft_labels: Probs, temperature: float) -> None:
        self.soft_labels = soft_labels
        self.temperature = temperature

    def terms(self, model: nn.Module, batch: Batch) -> Terms:
        """One term, ``distillation``."""
        targets = self.soft_labels[batch.index.to(self.soft_labels.device)]
        return {"distillation": soft_cross_entropy(model(batch.x), targets, temperature=self.temperature)}


@torch.inference_mode()
def soft_labels(model: nn.Module, images: ImageSource, index: Int[Tensor, " m"], temperature: float) -> Probs:
    """``softmax(Z / T)`` in eval mode for the images at ``index``, float32 on the CPU; zeros for all others.

    Shape: one row per image of ``images``, so that a mini-batch's positions find its rows.
    """
    model.eval()
    found: Probs | None = None
    for batch in batches(images, index, batch_size=BATCH):
        probs = torch.softmax(model(batch.x).float() / temperature, dim=1).cpu()
        found = torch.zeros(len(images), probs.shape[1]) if found is None else found
        found[batch.index] = probs
    return torch.zeros(len(images), 0) if found is None else found
