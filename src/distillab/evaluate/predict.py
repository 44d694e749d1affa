"""What a model says about images: log-probabilities in eval mode."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distillab.core.errors import ContractError
from distillab.core.shapes import LogProbs
from distillab.data.dataset import ImageSource, batches

if TYPE_CHECKING:
    from distillab.specs.defense import Release

BATCH = 500
"""Images per forward pass."""


def predict(model: nn.Module, images: ImageSource, index: Int[Tensor, " m"], *, release: "Release") -> LogProbs:
    """What the API says of the images at ``index``, float32 on the CPU; the model is left in eval mode.

    ``release`` gets ``ln softmax(Z)``.
    """
    return torch.cat(list(predict_batches(model, images, index, release=release)))


@torch.inference_mode()
def predict_batches(
    model: nn.Module, images: ImageSource, index: Int[Tensor, " m"], *, release: "Release"
) -> Iterator[LogProbs]:
    """The same, batch after batch, for who need not hold all of it.

    Raises:
        ContractError: an answer is no number; the likeliest class of such a one would be its first.
    """
    model.eval()
    for batch in batches(images, index, batch_size=BATCH):
        log_probs = torch.log_softmax(model(batch.x).float(), dim=1)
        if unknown := log_probs.isnan().any(dim=1).nonzero().flatten().tolist():
            raise ContractError(
                "a network's answers are no numbers", expected="finite logits, or probabilities",
                got=f"other answers to image {int(batch.index[unknown[0]])} of its split",
            )  # fmt: skip
        yield release(log_probs, batch.x).cpu()
