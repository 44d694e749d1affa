"""Training through interval bounds: the cheapest certified training, two forward passes a batch."""

from typing import ClassVar, Literal

from distillab.certify.graph import Graph
from distillab.certify.ibp import IBP
from distillab.core.shapes import Images, Labels, Logits
from distillab.defenses.certified_training import CertifiedTrainingSpec, CleanWeight, CleanWeightStart, Moment


class IBPTraining(CertifiedTrainingSpec):
    """``lambda H(y, Z(x)) + (1 - lambda) H(y, -m)`` with margins m by interval arithmetic, the last layer merged.

    Clean images come first, and half of the weight stays with them. A radius of up to twice the certified one
    often certifies more.

    Reference: Gowal et al. 2018, sections 3 and 4; lambda is its kappa, from 1 to 0.5 along the ramp.
    """

    name: Literal["ibp_training"] = "ibp_training"
    label: ClassVar[str] = "IBP training"
    paper: ClassVar[str] = "Gowal et al., ICCV 2019"

    clean_weight: CleanWeight = 0.5
    clean_weight_start: CleanWeightStart = 1.0

    @property
    def certifier(self) -> IBP:
        """Intervals."""
        return IBP(norm=self.norm, input_box=self.input_box)

    def margins(self, graph: Graph, x: Images, y: Labels, at: Moment) -> Logits:
        """Margins by intervals."""
        return self.certifier.margins(graph, x, y, self.eps_at(at.share))
