"""CMIM: minimize cross-entropy and, at every power, the conditional mutual information of input and output."""

from typing import ClassVar, Literal

from pydantic import Field

from distillab.core.bounds import Factor, Held
from distillab.defenses.centroid_bank import CentroidBank
from distillab.defenses.centroid_samples import CentroidSamples
from distillab.defenses.concentration import Centroids, ConcentrationObjective, ConcentrationSpec
from distillab.training.objective import Objective, Task


class CMIMSpec(ConcentrationSpec):
    """Centroids that are estimated: by forward passes of their own as published, or from a memory of the training."""

    mode: Literal["faithful", "fast"] = Field(
        default="fast", description="Centroids from images drawn in every step, or from the outputs of past steps"
    )
    q_samples_per_class: Held = Field(default=8, ge=1, description="faithful: images drawn for a class's centroid")
    q_classes_per_step: Held = Field(
        default=6, ge=0, description="faithful: classes whose centroids are estimated anew in a step, in turn"
    )
    q_refresh_every: Held = Field(
        default=1, ge=0, description="faithful: epochs between estimates of all centroids; 0 is never"
    )
    bank_size: Held = Field(
        default=20, ge=1, description="fast: outputs kept of each class; 8 is enough memory for a thousand classes"
    )
    flatten: Factor = Field(
        default=0.0, ge=0, description="mu, the weight of the centroids' unevenness over wrong classes"
    )

    def objective(self, task: Task) -> Objective:
        """Cross-entropy, concentration, and flatness if it has a weight."""
        return ConcentrationObjective(self, task, self._centroids(task), flatten=self.flatten)

    def _centroids(self, task: Task) -> Centroids:
        if self.mode == "fast":
            return CentroidBank(task.classes, self.bank_size)
        return CentroidSamples(
            task,
            n_powers=self.n_powers,
            per_class=self.q_samples_per_class,
            per_step=self.q_classes_per_step,
            refresh_every=self.q_refresh_every,
        )


class CMIM(CMIMSpec):
    """``H(y, q) + lambda sum_y P(y) M_omega(y)``, M the soft maximum over powers a of ``mean_j KL(q_j^a, Q_{y,a})``.

    Reference: the paper's eq. 28 and algorithm 1 in mode ``faithful``; mode ``fast`` differs in where the centroids Q
    come from and nowhere else. The paper leaves open the number of images behind a centroid and the classes of a step.
    """

    name: Literal["cmim"] = "cmim"
    label: ClassVar[str] = "CMIM"
    paper: ClassVar[str] = "Ye, Hamidi & Yang, arXiv 2507.00012, 2025"
