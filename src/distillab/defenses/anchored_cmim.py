"""Anchored CMIM: outputs concentrate about the smoothed label instead of a centroid that must be estimated."""

from typing import ClassVar, Literal

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor

from distillab.core.transfer import sent
from distillab.defenses.concentration import Centroids, ConcentrationObjective, ConcentrationSpec
from distillab.losses.power import log_power_transform
from distillab.training.objective import Objective, Task


class AnchoredCMIM(ConcentrationSpec):
    """CMIM with ``Q_{y,a} = L_y^a``, ``L_y`` the target of label smoothing.

    ``mean_j KL(q_j, L) = mean_j KL(q_j, s) + KL(s, L)``: an upper bound of the conditional mutual information at every
    power that also draws the centroid s, and with it all resemblance between classes, to the smoothed label. Nothing
    is estimated: no bias, no memory, no forward pass. A design of this project, not of a paper.
    """

    name: Literal["cmim_anchored"] = "cmim_anchored"
    label: ClassVar[str] = "anchored CMIM"
    paper: ClassVar[str] = "distillab"
    grade: ClassVar[str] = "R"

    label_smoothing: float = Field(
        default=0.05, gt=0, lt=1, description="Mass of the anchor spread uniformly over all classes"
    )

    def objective(self, task: Task) -> Objective:
        """Cross-entropy and concentration about the anchors."""
        return ConcentrationObjective(self, task, Anchors(task.classes, self.label_smoothing))


class Anchors(Centroids):
    """The smoothed labels, transformed by each power."""

    def __init__(self, classes: int, smoothing: float) -> None:
        self.log_target = ((1 - smoothing) * torch.eye(classes) + smoothing / classes).log()

    def counts(self, classes: Int[Tensor, "y"]) -> Int[Tensor, "y"]:
        """One each: an anchor is exact from the first step."""
        return torch.ones_like(classes)

    def log_centroids(self, classes: Int[Tensor, "y"]) -> Float[Tensor, "y a k"]:
        """Logs of the anchors at the epoch's powers."""
        self.log_target = self.log_target.to(classes.device)
        return log_power_transform(self.log_target[classes, None], sent(self.powers, classes.device)[:, None])
