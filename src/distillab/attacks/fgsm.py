"""The fast gradient sign method: one step to the edge of the ball."""

from typing import ClassVar, Literal

from pydantic import Field

from distillab.attacks.ascent import Ascent, AscentLoss, AscentSpec
from distillab.core.bounds import PixelLength


class FGSM(AscentSpec):
    """x' = clip(x + eps sign grad L(x)); in L2 the gradient over its length instead of its sign.

    Reference: Goodfellow et al. 2015, section 4.
    """

    name: Literal["fgsm"] = "fgsm"
    norm: Literal["linf", "l2"] = Field(default="linf", description="Norm of the ball")
    eps: PixelLength = Field(ge=0, description="Length of the step, in pixel units")
    loss: AscentLoss = Field(default="ce", description="ce: cross-entropy; margin, dlr: logit differences")

    paper: ClassVar = "Goodfellow et al., ICLR 2015"
    label: ClassVar = "FGSM"

    @property
    def max_distance(self) -> float:
        """The length of the step."""
        return self.eps

    @property
    def ascent(self) -> Ascent:
        """One step from the image."""
        return Ascent(self.loss, self.norm, 1, self.eps)
