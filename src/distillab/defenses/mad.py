"""MAD: answers near the true ones that turn a thief's gradient away as far as they can."""

from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from distillab.core.shapes import Images, LogProbs
from distillab.defenses.deviation import most_deviating
from distillab.models.load import build_model
from distillab.models.vgg8 import VGG8
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain

if TYPE_CHECKING:
    from distillab.specs.defense import Release, State
    from distillab.training.objective import Task


class MaximizingAngularDeviation(PostHocDefense):
    """The answer within ``|p' - p|_1 <= eps`` whose gradient in a surrogate deviates most in angle from that of ``p``.

    The surrogate is a VGG-8 with random weights, and an eighth as wide on images below 32x32, where the paper has
    none. The variant ``argmax`` keeps the predicted class; ``extreme`` moves towards a vertex and may not, whatever
    ``preserves_argmax`` says of the default.
    """

    name: Literal["mad"] = "mad"
    label: ClassVar[str] = "MAD"
    paper: ClassVar[str] = "Orekondy et al., ICLR 2020"

    variant: Literal["argmax", "extreme"] = Field(
        default="argmax", description="Answers to choose from: those that keep the predicted class, or all vertices"
    )
    eps: float = Field(default=1.0, ge=0, le=2, description="Largest L1 distance of an answer from the true one")

    def prepare(self, task: "Task", teacher: nn.Module) -> dict[str, Tensor]:  # noqa: ARG002 - any network will do
        """The random weights of the surrogate."""
        return build_model(surrogate_for(task.domain), task.domain, seed=task.seed).state_dict()

    def release(self, state: "State", domain: Domain) -> "Release":
        """The perturbed answers; the surrogate sees the images of the query."""
        with torch.device("meta"):
            surrogate = build_model(surrogate_for(domain), domain, seed=0)
        surrogate.load_state_dict(state, assign=True)
        surrogate.eval().requires_grad_(False)

        def release(log_probs: LogProbs, images: Images) -> LogProbs:
            q = surrogate(images).double().softmax(1)
            answers = most_deviating(log_probs.double().exp(), q, eps=self.eps, variant=self.variant)
            return answers.log().to(log_probs.dtype)

        return release


def surrogate_for(domain: Domain) -> VGG8:
    """The surrogate for images of the domain's size."""
    return VGG8(width=64 if min(domain.shape[1:]) >= 32 else 8)
