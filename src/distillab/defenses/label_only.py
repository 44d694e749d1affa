"""Label only: an API that tells the predicted class and nothing else."""

from math import log
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from pydantic import Field

from distillab.core.shapes import Images, LogProbs
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain

if TYPE_CHECKING:
    from distillab.specs.defense import Release, State


class LabelOnly(PostHocDefense):
    """``(1 - s) e + s u``: the predicted class, smoothed by the uniform distribution, ``s`` the label smoothing.

    Free of cost and of information within a predicted class. Where the teacher is right on its training images,
    distilling it is training with smoothed labels: a claim of undistillability must be compared with this one.
    """

    name: Literal["label_only"] = "label_only"
    label: ClassVar[str] = "label only"
    paper: ClassVar[str] = "baseline"

    label_smoothing: float = Field(default=0.1, ge=0, lt=1, description="Mass spread uniformly over all classes")

    def release(self, state: "State", domain: Domain) -> "Release":  # noqa: ARG002 - needs no state
        """The same answer to all images of a predicted class."""
        rest = self.label_smoothing / domain.classes

        def release(log_probs: LogProbs, _images: Images) -> LogProbs:
            answer = torch.full_like(log_probs, log(rest) if rest else -torch.inf)
            return answer.scatter(1, log_probs.argmax(1, keepdim=True), log(1 - self.label_smoothing + rest))

        return release
