"""What two kinds of models share of which nobody has more than answers: no gradients, no layers, no second opinion."""

from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from distillab.blackbox.forms import AnswerFormat
from distillab.blackbox.pixels import Pixels
from distillab.core.shapes import Images
from distillab.specs.brought import BroughtSpec
from distillab.specs.model import Domain


class AnsweringSpec(BroughtSpec):
    """A model of which there are answers alone."""

    asked: ClassVar[bool] = True

    answers: Literal["probabilities", "logits", "labels"] = Field(  # type: ignore[assignment]  # more than a network's
        default="probabilities", description="What it answers; a label is a probability of 1"
    )
    tolerance: float = Field(
        default=1e-3,
        ge=0,
        le=0.1,
        description="How far the probabilities of an image may sum from 1; they are divided by their sum",
    )

    @model_validator(mode="after")
    def _takes_images_as_they_are(self) -> "AnsweringSpec":
        if self.mean is not None or self.batch is not None:
            raise ValueError("expected no mean, std and batch: it is shown images in [0, 1], as they are")
        return self

    def answer(self, domain: Domain) -> AnswerFormat:
        """What an answer of it must be."""
        return AnswerFormat(self.answers, domain.classes, self.tolerance)


class Answering(nn.Module):
    """A network without parameters that looks up, or asks for, the answer to each image."""

    root = Path()
    """The project that keeps what it was told."""
    expected = 0
    """Images that it is going to be asked about; 0 where nobody knows."""

    @torch.no_grad()
    def forward(self, x: Images) -> Tensor:
        """Log-probabilities (n, k) of n images in [0, 1], ``-inf`` for exact zeros."""
        return torch.from_numpy(self.log_probs(x.detach().float().cpu().numpy())).to(x)

    def log_probs(self, x: Pixels) -> Pixels:
        """The same of an array."""
        raise NotImplementedError
