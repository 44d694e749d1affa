"""ST: a stingy teacher answers with its few largest probabilities alone."""

from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from pydantic import Field

from distillab.core.shapes import Images, LogProbs
from distillab.specs.defense import PostHocDefense
from distillab.specs.model import Domain

if TYPE_CHECKING:
    from distillab.specs.defense import Release, State


class StingyTeacher(PostHocDefense):
    """``p_i / sum_top p`` for the ``k`` largest probabilities, exactly zero for the others."""

    name: Literal["st"] = "st"
    kind: ClassVar = "sparse"
    label: ClassVar[str] = "ST"
    paper: ClassVar[str] = "Ma et al., 2022"

    ratio: float = Field(default=0.1, gt=0, le=1, description="Share of the classes that is kept; at least one class")

    def kept(self, classes: int) -> int:
        """``max(1, round(ratio * classes))``, the number of classes kept."""
        return max(1, round(self.ratio * classes))

    def release(self, state: "State", domain: Domain) -> "Release":  # noqa: ARG002 - nothing was learned
        """The largest probabilities, which sum to 1 again."""
        kept = self.kept(domain.classes)

        def release(log_probs: LogProbs, _images: Images) -> LogProbs:
            return largest_log_probs(log_probs, kept)

        return release


def largest_log_probs(log_probs: LogProbs, kept: int) -> LogProbs:
    """The ``kept`` largest entries, renormalized, and ``-inf`` elsewhere; of equal ones the lower class is kept.

    Zeros commute with softening: the power transform of the result is that of the masked logits.

    Reference: Ma et al. 2022, released code; methods section 3.1.
    """
    # A stable sort, unlike topk, decides ties alike on every device and keeps what argmax would choose.
    top = log_probs.sort(dim=1, descending=True, stable=True).indices[:, :kept]
    masked = torch.full_like(log_probs, -torch.inf).scatter(1, top, log_probs.gather(1, top))
    return masked.log_softmax(1)
