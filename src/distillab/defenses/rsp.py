"""RSP: a reverse sigmoid takes from sure classes and gives to unlikely ones."""

from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from pydantic import Field

from distillab.core.bounds import Factor
from distillab.core.shapes import Images, LogProbs, Probs
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain

if TYPE_CHECKING:
    from distillab.specs.defense import Release, State

CLIP = 1e-12
"""Distance from 0 and 1 at which a probability enters its logit."""


class ReverseSigmoid(PostHocDefense):
    """``p - beta (sigmoid(gamma logit p) - 1/2)``, renormalized.

    A paper that compares with it states "alpha = 1 and beta = 20" and nearly unchanged accuracy; of all readings
    only beta = 1, gamma = 1/20 gives that. The defaults are this inference.
    """

    name: Literal["rsp"] = "rsp"
    label: ClassVar[str] = "RSP"
    paper: ClassVar[str] = "Lee et al., SPW 2019"
    preserves_argmax: ClassVar[bool] = False

    beta: float = Field(default=1.0, ge=0, le=1, description="Amplitude; above 1 probabilities could become negative")
    gamma: Factor = Field(default=0.05, ge=0, description="Steepness; with gamma = beta = 1 all answers are uniform")
    preserve_argmax: bool = Field(
        default=False, description="Release an answer unperturbed where its largest class would change"
    )

    def release(self, state: "State", domain: Domain) -> "Release":  # noqa: ARG002 - needs neither
        """The perturbed probabilities, computed in float64."""

        def release(log_probs: LogProbs, _images: Images) -> LogProbs:
            probs = log_probs.double().exp()
            perturbed = reverse_sigmoid(probs, beta=self.beta, gamma=self.gamma)
            if self.preserve_argmax:
                top = perturbed.gather(1, log_probs.argmax(1, keepdim=True))
                perturbed = torch.where(perturbed.amax(1, keepdim=True) > top, probs, perturbed)
            return perturbed.log().to(log_probs.dtype)

        return release


def reverse_sigmoid(probs: Probs, *, beta: float, gamma: float) -> Probs:
    """``p - beta (sigmoid(gamma logit p) - 1/2)`` over its sum; 1/2 is a fixed point before the division.

    Args:
        probs: distributions, zeros allowed; float64, for float32 has no number near 1 that its logit could use.
        beta: in [0, 1]; 0 changes nothing.
        gamma: non-negative.

    Reference: Lee et al. 2019; methods section 3.2.
    """
    perturbed = probs - beta * (torch.sigmoid(gamma * torch.logit(probs, eps=CLIP)) - 0.5)
    return perturbed / perturbed.sum(1, keepdim=True)
