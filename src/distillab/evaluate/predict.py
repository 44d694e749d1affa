"""What a model says about images: log-probabilities in eval mode."""

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distillab.core.shapes import LogProbs
from distillab.data.dataset import ImageSource, batches

BATCH = 500
"""Images per forward pass."""


@torch.inference_mode()
def predict(model: nn.Module, images: ImageSource, index: Int[Tensor, " m"]) -> LogProbs:
    """``ln softmax(Z)`` of the images at ``index``, float32 on the CPU; the model is left in eval mode."""
    model.eval()
    rows = [
        torch.log_softmax(model(batch.x).float(), dim=1).cpu() for batch in batches(images, index, batch_size=BATCH)
    ]
    return torch.cat(rows)
