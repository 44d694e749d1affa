"""The basic iterative method: small steps from the image, within the ball."""

from math import ceil
from typing import ClassVar, Literal

from pydantic import Field

from distillab.attacks.ascent import Ascent, AscentLoss, AscentSpec
from distillab.core.bounds import PixelLength, Steps

LEVEL = 1 / 255


class BIM(AscentSpec):
    """x <- clip(project(x + step_size sign grad L(x))), from the image itself; ends at the first adversarial point.

    Reference: Kurakin et al. 2017, sections 2.2 and 3.1; their steps are min(eps 255 + 4, 1.25 eps 255), rounded up.
    """

    name: Literal["bim"] = "bim"
    norm: Literal["linf", "l2"] = Field(default="linf", description="Norm of the ball")
    eps: PixelLength = Field(ge=0, description="Radius of the ball, in pixel units")
    step_size: PixelLength = Field(default=LEVEL, gt=0, description="Length of a step in the norm of the ball")
    steps: Steps | None = Field(default=None, ge=1, description="Steps; by the paper's rule if absent")
    loss: AscentLoss = Field(default="ce", description="ce: cross-entropy; margin, dlr: logit differences")

    paper: ClassVar = "Kurakin et al., ICLR Workshop 2017"
    label: ClassVar = "BIM"

    @property
    def made_steps(self) -> int:
        """The steps, by the paper's rule unless set explicitly."""
        levels = self.eps / LEVEL
        return self.steps or max(1, ceil(min(levels + 4, 1.25 * levels)))

    @property
    def max_distance(self) -> float:
        """The radius."""
        return self.eps

    @property
    def ascent(self) -> Ascent:
        """All steps, from the image."""
        return Ascent(self.loss, self.norm, self.made_steps, self.step_size)
