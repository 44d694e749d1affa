"""What a model says about images: log-probabilities in eval mode."""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distillab.core.shapes import LogProbs
from distillab.data.dataset import ImageSource, batches

if TYPE_CHECKING:
    from distillab.specs.defense import Release

BATCH = 500
"""Images per forward pass."""


@torch.inference_mode()
def predict(model: nn.Module, images: ImageSource, index: Int[Tensor, " m"], *, release: "Release") -> LogProbs:
    """What the API says of the images at ``index``, float32 on the CPU; the model is left in eval mode.

    ``release`` gets ``ln softmax(Z)``.
    """
    model.eval()
    rows = [
        release(torch.log_softmax(model(batch.x).float(), dim=1), batch.x).cpu()
        for batch in batches(images, index, batch_size=BATCH)
    ]
    return torch.cat(rows)
